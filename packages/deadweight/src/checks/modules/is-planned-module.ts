import type { Comparison } from "../../contracts/check.ts";
import { fileTree } from "../../facts/file-tree.ts";

/** Whether a file of a Python module, by its entry in the original, was to be removed, or may be anything. */
export function isPlannedModule({ before, expected }: Comparison, entries: readonly number[]): boolean {
  const tree = before.get(fileTree);
  return entries.some((entry) => {
    const changes = expected(tree.path(entry));
    return changes.has("remove") || changes.has("anything");
  });
}
