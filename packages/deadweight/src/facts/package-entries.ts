import type { Package } from "../contracts/cataloger.ts";
import type { FileTree } from "./file-tree.ts";

/** The visible files and links that packages list as theirs; folders are left out, as packages share them. */
export function packageEntries(tree: FileTree, packages: Iterable<Package>): Set<number> {
  const entries = new Set<number>();
  for (const { paths } of packages) {
    for (const path of paths) {
      const entry = tree.find(path);
      if (entry >= 0 && tree.type(entry) !== "directory") entries.add(entry);
    }
  }
  return entries;
}
