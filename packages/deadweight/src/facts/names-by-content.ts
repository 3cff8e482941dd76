import type { FileTree } from "./file-tree.ts";

/** By entry that carries content: all stored names of it, itself first, where there are hard links. */
export function namesByContent(tree: FileTree): ReadonlyMap<number, readonly number[]> {
  const names = new Map<number, number[]>();
  for (let entry = 0; entry < tree.entryCount; entry++) {
    const content = tree.contentOf(entry);
    if (content === entry) continue;
    const known = names.get(content);
    if (known === undefined) names.set(content, [content, entry]);
    else known.push(entry);
  }
  return names;
}
