import { textOf } from "../lib/byte-string.ts";
import { someOf } from "../lib/some-of.ts";
import type { FileTree } from "../facts/file-tree.ts";

/** The paths of the entries that take the most bytes, in words for a message: `/a, /b, /c and 12 more`. */
export function largestPaths(tree: FileTree, entries: readonly number[], limit = 3): string {
  const top: number[] = [];
  for (const entry of entries) {
    let place = top.length;
    while (place > 0 && tree.tarBytes(top[place - 1] ?? 0) < tree.tarBytes(entry)) place--;
    if (place < limit) top.splice(place, 0, entry);
    if (top.length > limit) top.pop();
  }
  return someOf(
    top.map((entry) => `/${textOf(tree.path(entry))}`),
    limit,
    entries.length,
  );
}
