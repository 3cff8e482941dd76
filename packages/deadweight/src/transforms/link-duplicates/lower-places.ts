import type { PlanContext } from "../../contracts/transform.ts";
import type { FileTree } from "../../facts/file-tree.ts";

/**
 * Whether the path of a visible entry can come to lie in a lower layer without a container seeing anything else: gives the folders above it
 * that this layer has not got, the outermost first, or undefined. Nothing that stays may be stored at the path, below it, or where a
 * folder above it is to be; markers are in the way too.
 */
export function lowerPlaces(
  tree: FileTree,
  context: PlanContext,
): (entry: number, layer: number) => readonly number[] | undefined {
  const folderIn = foldersIn(tree, context);
  return (entry, layer) => {
    if (!context.mayMove(tree.layerOf(entry), layer) || !isAlone(tree, context, entry)) return undefined;
    const missing: number[] = [];
    for (let node = tree.paths.parent(tree.nodeOf(entry)); node > 0; node = tree.paths.parent(node)) {
      // What no layer stores is nowhere to be put, and of one layer it is the same folder.
      if (tree.stored(node).length === 0 && context.areJoined(tree.layerOf(entry), layer)) continue;
      const folder = folderIn(node, layer);
      if (folder === undefined) return undefined;
      if (folder !== "stored") missing.push(folder);
    }
    return missing.reverse();
  };
}

type FolderIn = (node: number, layer: number) => number | "stored" | undefined;

/** For a folder `stored` where the layer has it, else its visible entry; undefined where it can't be put into the layer. */
function foldersIn(tree: FileTree, context: PlanContext): FolderIn {
  const known = new Map<number, ReturnType<FolderIn>>();
  const find: FolderIn = (node, layer) => {
    const visible = tree.visible(node);
    const staying = tree.stored(node).filter((entry) => context.editOf(entry)?.action !== "remove");
    const isPlain = staying.every((entry) => tree.type(entry) === "directory" && context.editOf(entry) === undefined);
    if (!isPlain || !staying.includes(visible)) return undefined;
    if (staying.some((entry) => tree.layerOf(entry) === layer)) return "stored";
    // A header that is written anew has not all digits of a time: where it is not what a container sees, no matter.
    return tree.layerOf(visible) > layer || Number.isInteger(tree.mtime(visible)) ? visible : undefined;
  };
  return (node, layer) => {
    const key = layer * tree.paths.count + node;
    if (!known.has(key)) known.set(key, find(node, layer));
    return known.get(key);
  };
}

/** Whether nothing else that stays is stored at the path of an entry or below it. */
function isAlone(tree: FileTree, context: PlanContext, entry: number): boolean {
  const pending = [tree.nodeOf(entry)];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const other of tree.stored(node)) {
      if (other !== entry && context.editOf(other)?.action !== "remove") return false;
    }
    pending.push(...tree.paths.children(node));
  }
  return true;
}
