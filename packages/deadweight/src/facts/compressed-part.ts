import type { FileTree } from "./file-tree.ts";

/**
 * What some ranges of a file's content, ascending and apart, take of its layer's blob: of device code what was measured, of the rest its
 * share, rounded down. Images compress from not at all to a tenth, so that a share of all would be far off.
 */
export function compressedPart(
  tree: FileTree,
  entry: number,
  ranges: readonly (readonly [start: number, end: number])[],
): number {
  const table = tree.deviceTable(entry);
  const all = { bytes: 0, cost: 0 };
  const inside = { bytes: 0, cost: 0 };
  let next = 0;
  for (const [place, offset] of (table?.offsets ?? new Float64Array(0)).entries()) {
    const [size = 0, cost = 0] = [table?.sizes[place], table?.compressed[place]];
    all.bytes += size;
    all.cost += cost;
    while ((ranges[next]?.[1] ?? Infinity) <= offset) next++;
    const [start, end] = ranges[next] ?? [Infinity, Infinity];
    if (start > offset || offset + size > end) continue;
    inside.bytes += size;
    inside.cost += cost;
  }
  const bytes = ranges.reduce((total, [start, end]) => total + (end - start), 0);
  const whole = tree.tarBytes(entry) - all.bytes;
  const rest = whole <= 0 ? 0 : ((tree.compressedBytes(entry) - all.cost) * (bytes - inside.bytes)) / whole;
  return Math.floor(inside.cost + rest);
}
