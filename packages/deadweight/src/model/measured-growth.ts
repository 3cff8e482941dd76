import { distributionOf, growthOf, type Distribution, type Growth } from "../lib/distribution.ts";
import type { Measure } from "./config.ts";
import type { Life } from "./observation.ts";
import { type PulledImage, type Pulls, transferMs } from "./pulls.ts";

/** A quantity that was measured of both images, and whether it has grown. */
export interface MeasuredGrowth {
  readonly growth: Growth;
  readonly before: Distribution;
  readonly after: Distribution;
}

/** Growths below these are none, whatever part they are: what a scheduler or an allocator does by itself. */
const leastStartUpMs = 20;
const leastLatencyMs = 2;
const leastPullMs = 100;
const leastMemoryBytes = 4 * 1024 * 1024;
/** The driver gives it out by 2 MiB, frameworks by 20. */
const leastGpuMemoryBytes = 20 * 1024 * 1024;

/** Milliseconds from the start to being ready; undefined when it was not measured of both. */
export function startUpGrowth(before: readonly Life[], after: readonly Life[], measure: Measure): MeasuredGrowth | undefined {
  const valuesOf = (lives: readonly Life[]): readonly number[] => lives.flatMap(({ readyMs }) => readyMs ?? []);
  return judge(valuesOf(before), valuesOf(after), measure, leastStartUpMs);
}

/** Milliseconds on the wire and of unpacking, one after the other. */
export function pullGrowth({ before, after, bitsPerSecond, measure }: Pulls): MeasuredGrowth | undefined {
  const valuesOf = (image: PulledImage): readonly number[] => image.unpackMs.map((ms) => ms + transferMs(image, bitsPerSecond));
  return judge(valuesOf(before), valuesOf(after), measure, leastPullMs);
}

/** Bytes at the peak. */
export function memoryGrowth(before: readonly Life[], after: readonly Life[], measure: Measure): MeasuredGrowth | undefined {
  const valuesOf = (lives: readonly Life[]): readonly number[] => lives.flatMap(({ memoryBytes }) => memoryBytes ?? []);
  return judge(valuesOf(before), valuesOf(after), measure, leastMemoryBytes);
}

/** Bytes of GPUs at the peak. */
export function gpuMemoryGrowth(before: readonly Life[], after: readonly Life[], measure: Measure): MeasuredGrowth | undefined {
  const valuesOf = (lives: readonly Life[]): readonly number[] =>
    lives.flatMap(({ gpuMemory }) => (typeof gpuMemory === "number" ? gpuMemory : []));
  return judge(valuesOf(before), valuesOf(after), measure, leastGpuMemoryBytes);
}

/**
 * Milliseconds of a probe's requests. One median for each life is judged: requests to one process are not independent of one another. The
 * distributions are those of all requests.
 */
export function latencyGrowth(
  before: readonly Life[],
  after: readonly Life[],
  probe: string,
  measure: Measure,
): MeasuredGrowth | undefined {
  const timesOf = (lives: readonly Life[]): (readonly number[])[] =>
    lives.map(({ latencies }) => latencies[probe] ?? []).filter((times) => times.length > 0);
  const mediansOf = (lives: readonly Life[]): readonly number[] => timesOf(lives).map((times) => distributionOf(times).median);
  const judged = judge(mediansOf(before), mediansOf(after), measure, leastLatencyMs);
  if (judged === undefined) return undefined;
  const [all, now] = [timesOf(before), timesOf(after)].map((times) => distributionOf(times.flat()));
  return { growth: judged.growth, before: all ?? judged.before, after: now ?? judged.after };
}

function judge(
  before: readonly number[],
  after: readonly number[],
  { tolerance }: Measure,
  least: number,
): MeasuredGrowth | undefined {
  if (before.length === 0 || after.length === 0) return undefined;
  const [old, now] = [distributionOf(before), distributionOf(after)];
  return { growth: growthOf(before, after, Math.max(least, old.median * tolerance)), before: old, after: now };
}
