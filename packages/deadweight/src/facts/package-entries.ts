import type { FileTree } from "./file-tree.ts";
import type { InstalledPackage } from "./packages.ts";

/** The visible files and links that packages list as theirs; folders are left out, as packages share them. */
export function packageEntries(tree: FileTree, packages: Iterable<Pick<InstalledPackage, "nodes">>): Set<number> {
  const entries = new Set<number>();
  for (const { nodes } of packages) {
    for (const node of nodes) {
      const entry = tree.visible(node);
      if (entry >= 0 && tree.type(entry) !== "directory") entries.add(entry);
    }
  }
  return entries;
}
