import { countOf } from "../lib/count-of.ts";
import type { FileTree } from "../facts/file-tree.ts";

/** How many files and folders entries are, for a message: `3 files and 1 folder`. Whatever is no folder is a file here. */
export function entriesInWords(tree: FileTree, entries: readonly number[]): string {
  const folders = entries.filter((entry) => tree.type(entry) === "directory").length;
  const files = entries.length - folders;
  if (folders === 0) return countOf(files, "file");
  return files === 0 ? countOf(folders, "folder") : `${countOf(files, "file")} and ${countOf(folders, "folder")}`;
}
