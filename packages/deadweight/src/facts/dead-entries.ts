import type { FileTree } from "./file-tree.ts";

/** What deviates from the image as it is. */
export interface DeadEntryOptions {
  /** What stays stored though no container shows it. */
  readonly stays: (entry: number) => boolean;
  /** Whether a container needs a hidden entry's content; `FileTree.isLive` when absent. */
  readonly isLive?: (entry: number) => boolean;
  /** `endsOfMergedFolders` where it is known already. */
  readonly endOf?: ReadonlyMap<number, number>;
}

/**
 * Entries that nothing in a container shows, in order, and markers that hide nothing else. What stays is none of them, and
 * neither is what hides it, so that all the others can go together.
 */
export function deadEntries(tree: FileTree, options: DeadEntryOptions): number[] {
  const { stays, isLive = tree.isLive, endOf = endsOfMergedFolders(tree) } = options;
  const dead: number[] = [];
  const needed = new Set<number>();
  // A marker below what is no folder makes a folder of it, and so hides it without being at its path or above.
  const odd = new Set(tree.oddities.map((oddity) => oddity.entry));
  for (let entry = 0; entry < tree.entryCount; entry++) {
    const fate = tree.fate(entry);
    if (fate === "visible" || (fate === "merged" && !endOf.has(entry))) continue;
    const isOddMarker = fate === "marker" && odd.has(entry);
    if (!stays(entry) && !isOddMarker && (fate === "merged" || !isLive(entry))) dead.push(entry);
    else for (const hider of hidersOf(tree, entry)) needed.add(hider);
  }
  return dead.filter((entry) => !needed.has(entry));
}

/** By merged folder entry whose folder was hidden later: the topmost entry of that folder, whose fate is its own. */
export function endsOfMergedFolders(tree: FileTree): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  for (let entry = 0; entry < tree.entryCount; entry++) {
    if (tree.fate(entry) !== "merged") continue;
    const later = tree.stored(tree.nodeOf(entry)).filter((other) => other > entry);
    const end = later.find((other) => tree.fate(other) !== "merged" && tree.fate(other) !== "marker");
    if (end !== undefined && tree.fate(end) !== "visible") ends.set(entry, end);
  }
  return ends;
}

/** What hides a path in later layers, its markers and files in the place of its folders: without it the name might come back. */
function hidersOf(tree: FileTree, entry: number): number[] {
  const hiders: number[] = [];
  const own = tree.nodeOf(entry);
  for (let node = own; node > 0; node = tree.paths.parent(node)) {
    for (const other of tree.stored(node)) {
      const hides = tree.fate(other) === "marker" || (node !== own && tree.type(other) !== "directory");
      if (hides && tree.layerOf(other) > tree.layerOf(entry)) hiders.push(other);
    }
  }
  return hiders;
}
