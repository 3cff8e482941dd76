import type { FileTree } from "../../facts/file-tree.ts";
import { byteStringFromText, type ByteString } from "../../lib/byte-string.ts";

/** Which paths the user wants to keep as they are. */
export interface KeptPaths {
  readonly has: (path: ByteString) => boolean;
  /** Patterns that match nothing that the image has. */
  readonly unmatched: readonly string[];
}

/** Patterns as `FileTree.glob` has them, with or without a slash before them; a folder that matches is kept with all below it. */
export function keptPaths(tree: FileTree, patterns: readonly string[]): KeptPaths {
  const nodes = new Set<number>();
  const unmatched: string[] = [];
  for (const pattern of patterns) {
    const found = nodesOf(tree, pattern);
    if (found.length === 0) unmatched.push(pattern);
    for (const node of found) nodes.add(node);
  }
  const has = (path: ByteString): boolean => {
    for (let node = tree.paths.find(path); node > 0; node = tree.paths.parent(node)) if (nodes.has(node)) return true;
    return nodes.has(0);
  };
  return { has: nodes.size === 0 ? () => false : has, unmatched };
}

/** `folder/**` is the folder's own: it is kept with all below it. */
function nodesOf(tree: FileTree, pattern: string): number[] {
  const path = byteStringFromText(pattern)
    .replace(/^(?:\.?\/)+/, "")
    .replace(/\/+$/, "")
    .replace(/(?:(?:^|\/)\*\*)+$/, "");
  return path === "" ? [0] : [...tree.globAll(path)];
}
