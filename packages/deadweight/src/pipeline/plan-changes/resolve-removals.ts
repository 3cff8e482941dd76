import type { FileTree } from "../../facts/file-tree.ts";
import { folderHolders } from "../../facts/implied-folders.ts";
import { linksThrough } from "../../facts/links-through.ts";

/** What is known of the plan when removals are added to it. */
export interface RemovalContext {
  readonly mayEdit: (layer: number) => boolean;
  readonly isRemoved: (entry: number) => boolean;
}

/** One entry that goes, with the wanted removal that it is part of. */
export interface Removal {
  readonly action: "remove" | "hide";
  readonly because: number;
}

/**
 * What has to go so that exactly the wanted visible entries are no longer seen. Lower copies of their paths go with them, or the
 * entry becomes a whiteout where such a copy may not be edited. Spared is what a symbolic link that stays leads to, what a folder
 * without an entry of its own is there for, a folder that is not empty then, and what a layer that is not edited stores above.
 */
export function resolveRemovals(
  tree: FileTree,
  wanted: readonly number[],
  context: RemovalContext,
): ReadonlyMap<number, Removal> {
  const visible = wanted.filter((entry) => tree.fate(entry) === "visible");
  const going = new Set(visible.filter((entry) => !hasFixedAbove(tree, entry, context)));
  while (spare(tree, going, context));
  const removals = new Map<number, Removal>();
  const ancestorsFirst = [...going].sort((one, other) => tree.nodeOf(one) - tree.nodeOf(other));
  for (const entry of ancestorsFirst) if (!removals.has(entry)) addPath(tree, entry, context, removals);
  for (const entry of wantedHidden(tree, wanted, leaving(tree, going, context))) {
    if (!removals.has(entry)) removals.set(entry, { action: "remove", because: entry });
  }
  return removals;
}

/** Hidden entries that may go, as no visible hard link that stays has their content, nor is a folder there for them alone. */
function wantedHidden(tree: FileTree, wanted: readonly number[], isGone: (entry: number) => boolean): readonly number[] {
  const hidden = wanted.filter((entry) => tree.fate(entry) !== "visible");
  if (hidden.length === 0) return [];
  const inUse = new Set<number>();
  for (const entry of tree.all()) if (tree.contentOf(entry) !== entry && !isGone(entry)) inUse.add(tree.contentOf(entry));
  const unused = hidden.filter((entry) => !inUse.has(entry));
  const holders = folderHolders(tree, unused, isGone);
  return unused.filter((entry) => !holders.has(entry));
}

/** Takes out what can't go; whether there was some, so that more may follow. */
function spare(tree: FileTree, going: Set<number>, context: RemovalContext): boolean {
  if (going.size === 0) return false;
  const isGoing = leaving(tree, going, context);
  const staying = [
    ...linksThrough(tree, isGoing),
    ...folderHolders(tree, going, isGoing),
    ...[...going].filter((entry) => isFilledFolder(tree, entry, isGoing)),
  ].filter((entry) => going.has(entry));
  for (const entry of staying) going.delete(entry);
  return staying.length > 0;
}

/** Whether an entry has gone, goes, or is a copy that goes with one. */
function leaving(tree: FileTree, going: ReadonlySet<number>, { mayEdit, isRemoved }: RemovalContext): (entry: number) => boolean {
  const nodes = new Set([...going].map((entry) => tree.nodeOf(entry)));
  const isBelowOne = (entry: number): boolean => {
    for (let node = tree.nodeOf(entry); node > 0; node = tree.paths.parent(node)) if (nodes.has(node)) return true;
    return false;
  };
  return (entry) => {
    if (going.has(entry) || isRemoved(entry)) return true;
    return tree.fate(entry) !== "visible" && mayEdit(tree.layerOf(entry)) && isBelowOne(entry);
  };
}

function isFilledFolder(tree: FileTree, entry: number, isGoing: (entry: number) => boolean): boolean {
  if (tree.type(entry) !== "directory") return false;
  for (const inside of tree.within(tree.nodeOf(entry))) if (!isGoing(inside)) return true;
  return false;
}

/** All stored entries at a path and below it, in all layers. */
function* storedWithin(tree: FileTree, node: number): Generator<number> {
  const pending = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    yield* tree.stored(next);
    pending.push(...tree.paths.children(next));
  }
}

function hasFixedAbove(tree: FileTree, entry: number, { mayEdit }: RemovalContext): boolean {
  for (const other of storedWithin(tree, tree.nodeOf(entry))) {
    if (tree.layerOf(other) > tree.layerOf(entry) && !mayEdit(tree.layerOf(other))) return true;
  }
  return false;
}

/** A whiteout hides the path and all below it, so that nothing else of it may stay in its layer or above. */
function addPath(tree: FileTree, entry: number, { mayEdit }: RemovalContext, removals: Map<number, Removal>): void {
  let action: Removal["action"] = "remove";
  for (const other of storedWithin(tree, tree.nodeOf(entry))) {
    if (mayEdit(tree.layerOf(other))) removals.set(other, { action: "remove", because: entry });
    else action = "hide";
  }
  removals.set(entry, { action, because: entry });
}
