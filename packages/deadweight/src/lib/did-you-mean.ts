/** The known name that a mistyped one most likely meant; undefined when none is near. */
export function closestName(typed: string, known: readonly string[]): string | undefined {
  const text = typed.toLowerCase().slice(0, 100);
  let best: string | undefined;
  // A third of the letters may be wrong, three at most.
  let least = Math.min(3, Math.ceil(text.length / 3)) + 1;
  for (const name of known) {
    const steps = editDistance(text, name);
    if (steps < least) {
      least = steps;
      best = name;
    }
  }
  return best;
}

/** What a hint says of a mistyped name. */
export function didYouMean(typed: string, known: readonly string[]): string {
  const closest = closestName(typed, known);
  return closest === undefined ? `known are: ${known.join(", ")}` : `did you mean "${closest}"?`;
}

/** Letters put in, taken out, changed or swapped with their neighbour (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    before = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
