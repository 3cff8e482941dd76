import { toolVersion } from "../../lib/tool-version.ts";
import type { ReportLayer } from "../../model/report.ts";
import type { ComparedImage, SizeComparison, Transfer, Weighed } from "../../model/size-comparison.ts";
import { pairComponents } from "./pair-components.ts";
import { pairLayers } from "./pair-layers.ts";

/** The bytes of two images side by side; times when the bandwidth is given, in bits a second. */
export function compareSizes(before: Weighed, after: Weighed, bitsPerSecond?: number): SizeComparison {
  return {
    schemaVersion: 1,
    tool: { name: "deadweight", version: toolVersion() },
    before: sideOf(before),
    after: sideOf(after),
    isSameBase: isSameBase(before, after),
    transfer: transferOf(before.layers, after.layers, bitsPerSecond),
    layers: pairLayers(before.layers, after.layers),
    components: pairComponents(before.components, after.components),
  };
}

function sideOf({ image, totals, baseImage }: Weighed): ComparedImage {
  const { layers, files, contentBytes, tarBytes, compressedBytes } = totals;
  return { image, totals: { layers, files, contentBytes, tarBytes, compressedBytes }, baseImage };
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
