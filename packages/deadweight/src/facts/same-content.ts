import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import type { ByteString } from "../lib/byte-string.ts";
import { fileTree, type FileTree } from "./file-tree.ts";
import { pathHistory } from "./path-history.ts";

/** Below this a copy costs about what a link in its place would. */
export const smallestCopyBytes = 4096;

/** Content that is stored apart from the same content elsewhere. */
export interface Copy {
  /** The entry that carries it. */
  readonly content: number;
  /** Its first visible name. */
  readonly path: ByteString;
  /** Whether a container sees this very copy, not one that only repeats it with other metadata. */
  readonly isVisible: boolean;
}

/**
 * Groups of two copies and more of the same content (size and sha256) that visible files need, hard links taken as one and
 * rewrites left out. In a group the one to keep is first: lowest layer, then first path. Sparse files are not compared.
 */
export const sameContent: Fact<readonly (readonly Copy[])[]> = defineFact("same-content", (facts: Facts) =>
  copiesOfContent(facts.get(fileTree), facts.get(pathHistory).stays),
);

/** The same where other entries stay: `stays` gives for a visible entry the stored one that is seen in its place. */
export function copiesOfContent(tree: FileTree, stays: (entry: number) => number): readonly (readonly Copy[])[] {
  const names = namesByContent(tree, stays);
  const repeated = sizesThatRepeat(tree, names.keys());
  const candidates = [...names.keys()].filter((content) => repeated.has(tree.size(content)));
  const groups = [...Map.groupBy(candidates, tree.hash).values()].filter((group) => group.length > 1);
  return groups.map((group) =>
    group
      .map((content): Copy => {
        const name = names.get(content) ?? content;
        return { content, path: tree.path(name), isVisible: stays(name) === name };
      })
      .sort((one, other) => tree.layerOf(one.content) - tree.layerOf(other.content) || (one.path < other.path ? -1 : 1)),
  );
}

/** By content entry its first visible name; numbers alone, as there may be millions. */
function namesByContent(tree: FileTree, stays: (entry: number) => number): ReadonlyMap<number, number> {
  const names = new Map<number, number>();
  for (const entry of tree.all()) {
    const content = tree.contentOf(stays(entry));
    if (tree.type(content) !== "file" || tree.size(content) < smallestCopyBytes) continue;
    if (tree.storedSize(content) !== tree.size(content)) continue;
    const known = names.get(content);
    if (known === undefined || tree.path(entry) < tree.path(known)) names.set(content, entry);
  }
  return names;
}

/** Only these need their hashes compared. */
function sizesThatRepeat(tree: FileTree, contents: Iterable<number>): ReadonlySet<number> {
  const first = new Set<number>();
  const repeated = new Set<number>();
  for (const content of contents) (first.has(tree.size(content)) ? repeated : first).add(tree.size(content));
  return repeated;
}
