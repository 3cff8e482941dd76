import type { EntryClaim } from "../contracts/rule.ts";
import type { FileTree } from "../facts/file-tree.ts";
import { removalClaims } from "../facts/removal-claims.ts";

/**
 * Claims for the visible files and links at paths that match the patterns (those of `FileTree.glob`) and below them, if
 * `accept` agrees. Folders stay, so do devices, pipes, a link that leads to a folder at the pattern itself, and content that
 * another name outside needs.
 */
export function claimsWithin(
  tree: FileTree,
  patterns: readonly string[],
  accept: (entry: number) => boolean = () => true,
): EntryClaim[] {
  const chosen = new Set<number>();
  for (const node of patterns.flatMap((pattern) => [...tree.globAll(pattern)])) {
    for (const entry of tree.within(node)) {
      if (isRemovable(tree, entry) && !(tree.nodeOf(entry) === node && leadsToFolder(tree, entry)) && accept(entry))
        chosen.add(entry);
    }
  }
  return removalClaims(tree, chosen);
}

function isRemovable(tree: FileTree, entry: number): boolean {
  const type = tree.type(entry);
  return type === "file" || type === "hardlink" || type === "symlink";
}

/** `/var/tmp` may be a link to `/tmp`: the folder's name itself is no rubbish. */
function leadsToFolder(tree: FileTree, entry: number): boolean {
  if (tree.type(entry) !== "symlink") return false;
  const target = tree.resolve(tree.path(entry));
  return target >= 0 && tree.type(target) === "directory";
}
