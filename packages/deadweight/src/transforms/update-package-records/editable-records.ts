import type { PlanContext } from "../../contracts/transform.ts";
import type { FileTree } from "../../facts/file-tree.ts";

/** Answers whether a record may be written anew: one with another name, or in a layer that is not edited, stays as it is. */
export function editableRecords(tree: FileTree, context: PlanContext): (entry: number) => boolean {
  const shared = sharedContents(tree, context);
  return (entry) => {
    if (!context.mayEdit(tree.layerOf(entry)) || context.isKept(tree.path(entry))) return false;
    const isEdited = context.editOf(entry) !== undefined || context.isUncovered(entry);
    return !isEdited && tree.type(entry) === "file" && !shared.has(entry);
  };
}

/** Contents that a name which stays shares with another. */
function sharedContents(tree: FileTree, context: PlanContext): ReadonlySet<number> {
  const contents = new Set<number>();
  for (const entry of tree.all()) {
    const content = tree.contentOf(entry);
    if (content !== entry && !context.isRemoved(entry)) contents.add(content);
  }
  return contents;
}
