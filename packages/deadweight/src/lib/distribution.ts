/** What is told of measured values. */
export interface Distribution {
  readonly count: number;
  readonly median: number;
  readonly p95: number;
  /** Half of the distance between the quartiles. */
  readonly spread: number;
}

/** Whether values have grown: for certain, not, or by more than is allowed and not for certain. */
export type Growth = "grown" | "not-grown" | "unclear";

/** A growth by chance is called one once in a thousand times: never after five rounds, so that it has been seen twice. */
const certainty = 0.001;

/** Median, 95th percentile and spread; all are NaN for no values. */
export function distributionOf(values: readonly number[]): Distribution {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (part: number): number => quantile(sorted, part);
  return { count: sorted.length, median: at(0.5), p95: at(0.95), spread: (at(0.75) - at(0.25)) / 2 };
}

/** Whether the median has grown by more than `allowed`, and by more than the noise (Mann and Whitney's test, exact, one-sided). */
export function growthOf(before: readonly number[], after: readonly number[], allowed: number): Growth {
  const shift = distributionOf(after).median - distributionOf(before).median;
  if (!(shift > allowed)) return "not-grown";
  return chanceOfGrowth(before, after) < certainty ? "grown" : "unclear";
}

/**
 * How likely values that are drawn alike are as much greater as these are: the part of all ways to choose as many out of both whose sum of
 * ranks is not less. Equal values share their ranks.
 */
export function chanceOfGrowth(before: readonly number[], after: readonly number[]): number {
  const all = [...before, ...after].toSorted((one, other) => one - other);
  // Doubled, so that a shared rank is a whole number.
  const rankOf = (value: number): number => all.indexOf(value) + all.lastIndexOf(value) + 2;
  const observed = after.reduce((sum, value) => sum + rankOf(value), 0);
  // ways[k].get(s): in how many ways k values have ranks that add up to s.
  const ways: Map<number, number>[] = Array.from({ length: after.length + 1 }, () => new Map<number, number>());
  ways[0]?.set(0, 1);
  for (const value of all) addValue(ways, rankOf(value));
  const ends = [...(ways[after.length] ?? [])];
  const count = (some: readonly (readonly [number, number])[]): number => some.reduce((sum, [, number]) => sum + number, 0);
  return count(ends.filter(([sum]) => sum >= observed)) / count(ends);
}

function addValue(ways: readonly Map<number, number>[], rank: number): void {
  for (let taken = ways.length - 2; taken >= 0; taken--) {
    for (const [sum, number] of ways[taken] ?? []) {
      const more = ways[taken + 1];
      more?.set(sum + rank, (more.get(sum + rank) ?? 0) + number);
    }
  }
}

/** Between two values, the part of the way. */
function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
  return low + (high - low) * (place - Math.floor(place));
}
