import type { FileTree } from "./file-tree.ts";

/**
 * Of entries that could go, those that have to stay for folders that no visible entry stands for: runtimes make such a folder for
 * what a layer stores in it, hidden entries and markers too. The cheapest stay. `isGoing` tells of other entries that go.
 */
export function folderHolders(tree: FileTree, entries: Iterable<number>, isGoing: (entry: number) => boolean): Set<number> {
  const candidates = new Set(entries);
  const held = new Map<number, boolean>();
  const stays = (entry: number): boolean => !candidates.has(entry) && !isGoing(entry);
  const isHeld = (folder: number): boolean => {
    const known = held.get(folder) ?? isHeldBySome(tree, folder, stays);
    held.set(folder, known);
    return known;
  };
  const needy = [...candidates]
    .map((entry) => ({ entry, folders: [...impliedFolders(tree, entry)], bytes: bytesOf(tree, entry) }))
    .filter(({ folders }) => folders.some((folder) => !isHeld(folder)))
    // By path, so that the same ones stay when the copies of a path have become fewer.
    .sort((one, other) => one.bytes - other.bytes || comparePaths(tree, one.entry, other.entry) || one.entry - other.entry);
  const wanted = new Set(needy.flatMap(({ folders }) => folders.filter((folder) => !isHeld(folder))));
  const holders: Holder[] = [];
  for (const { entry, folders } of needy) {
    if (folders.every(isHeld)) continue;
    holders.push({ entry, folders: folders.filter((folder) => wanted.has(folder)) });
    for (const folder of folders) held.set(folder, true);
  }
  return withoutNeedless(holders);
}

interface Holder {
  readonly entry: number;
  /** That nothing else stands for. */
  readonly folders: readonly number[];
}

/** What was chosen first for a folder may not be needed once something stays in a folder below; the dearest goes first. */
function withoutNeedless(holders: readonly Holder[]): Set<number> {
  const counts = new Map<number, number>();
  const count = (folders: readonly number[], change: number): void => {
    for (const folder of folders) counts.set(folder, (counts.get(folder) ?? 0) + change);
  };
  for (const { folders } of holders) count(folders, 1);
  const needed = new Set<number>();
  for (const { entry, folders } of holders.toReversed()) {
    if (folders.every((folder) => (counts.get(folder) ?? 0) > 1)) count(folders, -1);
    else needed.add(entry);
  }
  return needed;
}

/** A hard link that stays may have to carry the content. */
function bytesOf(tree: FileTree, entry: number): number {
  const content = tree.contentOf(entry);
  return tree.tarBytes(entry) + (content === entry ? 0 : tree.tarBytes(content));
}

function comparePaths(tree: FileTree, one: number, other: number): number {
  const [first, second] = [tree.path(one), tree.path(other)];
  return first < second ? -1 : first > second ? 1 : 0;
}

/** Folders above an entry, up to the first that has a visible entry, that are there because the entry is stored. */
function* impliedFolders(tree: FileTree, entry: number): Generator<number> {
  const own = tree.nodeOf(entry);
  // An opaque marker lies in its folder.
  let folder = tree.type(entry) === "opaque" ? own : tree.paths.parent(own);
  for (; folder > 0; folder = tree.paths.parent(folder)) {
    const visible = tree.visible(folder);
    if (visible >= 0 && tree.type(visible) === "directory") return;
    if (!isHiddenLater(tree, folder, tree.layerOf(entry))) yield folder;
  }
}

function isHiddenLater(tree: FileTree, folder: number, layer: number): boolean {
  for (let node = folder; node > 0; node = tree.paths.parent(node)) {
    for (const other of tree.stored(node)) {
      if (tree.layerOf(other) <= layer || tree.type(other) === "directory") continue;
      if (tree.type(other) !== "opaque" || node !== folder) return true;
    }
  }
  return false;
}

/** Whether something that stays is seen in the folder, or stored there so that the folder has to be. */
function isHeldBySome(tree: FileTree, folder: number, stays: (entry: number) => boolean): boolean {
  const pending = [folder];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const entry of tree.stored(node)) {
      if (stays(entry) && (tree.fate(entry) === "visible" || [...impliedFolders(tree, entry)].includes(folder))) return true;
    }
    pending.push(...tree.paths.children(node));
  }
  return false;
}
