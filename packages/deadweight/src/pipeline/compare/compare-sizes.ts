import { toolVersion } from "../../lib/tool-version.ts";
import type { ReportLayer } from "../../model/report.ts";
import type { BuildOutcome } from "../../model/build-outcome.ts";
import type { ComparedImage, SizeComparison, Transfer, Weighed } from "../../model/size-comparison.ts";
import { pairComponents } from "./pair-components.ts";
import { pairLayers } from "./pair-layers.ts";

/** What is known of two images beside their bytes. */
export interface Circumstances {
  /** For the time of transfers. */
  readonly bitsPerSecond?: number;
  /** What `deadweight build` recorded, for the time of builds. */
  readonly builds?: readonly BuildOutcome[];
}

/** The bytes of two images side by side; times where they can be told. */
export function compareSizes(
  before: Weighed,
  after: Weighed,
  { bitsPerSecond, builds = [] }: Circumstances = {},
): SizeComparison {
  return {
    schemaVersion: 1,
    tool: { name: "deadweight", version: toolVersion() },
    before: sideOf(before, builds),
    after: sideOf(after, builds),
    isSameBase: isSameBase(before, after),
    transfer: transferOf(before.layers, after.layers, bitsPerSecond),
    layers: pairLayers(before.layers, after.layers),
    components: pairComponents(before.components, after.components),
  };
}

function sideOf({ image, totals, baseImage }: Weighed, builds: readonly BuildOutcome[]): ComparedImage {
  const { layers, files, contentBytes, tarBytes, compressedBytes } = totals;
  const made = builds
    .flatMap(({ original, candidate }) => [original.image, ...(candidate === undefined ? [] : [candidate.image])])
    .find(({ imageId }) => imageId === image.digest);
  const build = made && {
    durationMs: made.durationMs,
    steps: made.steps.length,
    cachedSteps: made.steps.filter(({ isCached }) => isCached).length,
  };
  return {
    image,
    totals: { layers, files, contentBytes, tarBytes, compressedBytes },
    baseImage,
    ...(build === undefined ? {} : { build }),
  };
}

/** By the files of the layers: the base may have been compressed anew on its way. */
function isSameBase(before: Weighed, after: Weighed): boolean {
  const [old, now] = [before, after].map(({ layers }) => layers.filter(({ base }) => base).map(({ diffId }) => diffId));
  return old !== undefined && now !== undefined && old.length > 0 && old.join() === now.join();
}

function transferOf(before: readonly ReportLayer[], after: readonly ReportLayer[], bitsPerSecond: number | undefined): Transfer {
  const known = new Set(before.map(({ digest }) => digest));
  const part = (layers: readonly ReportLayer[]): Transfer["update"] => {
    const blobs = new Map(layers.map(({ digest, compressedBytes }) => [digest, compressedBytes]));
    const bytes = [...blobs.values()].reduce((sum, size) => sum + size, 0);
    return { bytes, ...(bitsPerSecond === undefined ? {} : { seconds: (bytes * 8) / bitsPerSecond }) };
  };
  return {
    ...(bitsPerSecond === undefined ? {} : { bitsPerSecond }),
    before: part(before),
    after: part(after),
    update: part(after.filter(({ digest }) => !known.has(digest))),
  };
}
