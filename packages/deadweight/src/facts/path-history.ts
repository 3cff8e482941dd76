import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import type { Fate } from "../image/merge.ts";
import { deadEntries, endsOfMergedFolders } from "./dead-entries.ts";
import { fileTree, type FileTree } from "./file-tree.ts";
import { removalClaims } from "./removal-claims.ts";

/** What differs between two stored entries of the same path and content. */
export type MetadataChange = "owner" | "mode" | "mtime" | "xattrs";

/** A name that was stored again with the content that it had. */
export interface Rewrite {
  readonly entry: number;
  /** The copy that it repeats. */
  readonly previous: number;
  /** None: it was stored again as it was. */
  readonly changes: readonly MetadataChange[];
}

/** Every path's stored entries, split into what stays, what is dead, and what only repeats content with other metadata. */
export interface PathHistory {
  /** In order: entries that nothing in a container shows, and the markers that hide nothing else; no rewrite is among them. */
  readonly dead: readonly number[];
  /** Why an entry is dead, as `FileTree.fate` says; for a folder that was merged into one that went, the fate of that one. */
  readonly fate: (entry: number) => Fate;
  /** The layer that hid a dead entry. */
  readonly hiddenBy: (entry: number) => number;
  readonly rewrites: readonly Rewrite[];
  /** The rewrites' entries that would not be stored, with content that only their links use; none of it holds a copy that stays. */
  readonly rewritten: readonly number[];
  /** For a visible entry the stored copy that stays: itself, or the lowest of those that were only rewritten since. */
  readonly stays: (entry: number) => number;
}

/** The histories of all paths of the image. */
export const pathHistory: Fact<PathHistory> = defineFact("path-history", (facts: Facts) => {
  const tree = facts.get(fileTree);
  const runs = withoutHeldContent(tree, sameContentRuns(tree));
  const kept = new Set<number>();
  for (const [first] of runs.values()) if (first !== undefined) kept.add(first).add(tree.contentOf(first));
  const rewrites = [...runs.values()].flatMap((run) => rewritesOf(tree, run)).filter(({ entry }) => !kept.has(entry));
  const claims = removalClaims(
    tree,
    rewrites.map(({ entry }) => entry),
  );
  const rewritten = new Set(claims.map(({ entry }) => entry).filter((entry) => !kept.has(entry)));
  const endOf = endsOfMergedFolders(tree);
  return {
    dead: deadEntries(tree, { stays: (entry) => kept.has(entry) || rewritten.has(entry), endOf }),
    fate: (entry) => tree.fate(endOf.get(entry) ?? entry),
    hiddenBy: (entry) => tree.hiddenBy(endOf.get(entry) ?? entry),
    rewrites,
    rewritten: [...rewritten].sort((one, other) => one - other),
    stays: (entry) => runs.get(entry)?.[0] ?? entry,
  };
});

type Runs = ReadonlyMap<number, readonly number[]>;

/** By visible entry: the entries of its path with its content, right below it and lowest first, where there is more than itself. */
function sameContentRuns(tree: FileTree): Runs {
  const runs = new Map<number, readonly number[]>();
  for (let entry = 0; entry < tree.entryCount; entry++) {
    if (tree.fate(entry) !== "overwritten") continue;
    const visible = tree.visible(tree.nodeOf(entry));
    if (visible < 0 || runs.has(visible)) continue;
    const run = runAt(tree, tree.nodeOf(entry), visible);
    if (run.length > 1) runs.set(visible, run);
  }
  return runs;
}

function runAt(tree: FileTree, node: number, visible: number): number[] {
  const run = [visible];
  const stored = tree.stored(node);
  for (const entry of stored.slice(0, stored.indexOf(visible)).reverse()) {
    const fate = tree.fate(entry);
    // What the layer itself stored again further on never reached a container; its markers hide lower layers alone.
    if (fate === "repeated" || fate === "marker") continue;
    if (fate !== "overwritten" || !isSameContent(tree, entry, visible)) break;
    run.unshift(entry);
  }
  return run;
}

function isSameContent(tree: FileTree, one: number, other: number): boolean {
  const [first, second] = [tree.contentOf(one), tree.contentOf(other)];
  const type = tree.type(first);
  if (type !== tree.type(second)) return false;
  if (type === "symlink") return tree.symlink(first) === tree.symlink(second);
  if (type !== "file" || tree.size(first) !== tree.size(second) || tree.hash(first) !== tree.hash(second)) return false;
  // A sparse file's hash does not cover where its holes are.
  return [first, second].every((entry) => tree.storedSize(entry) === tree.size(entry));
}

/** A visible hard link that has no older copy holds the content in place, and with it all its names. */
function withoutHeldContent(tree: FileTree, runs: Runs): Runs {
  if (runs.size === 0) return runs;
  const held = new Set<number>();
  for (let entry = 0; entry < tree.entryCount; entry++) {
    const content = tree.contentOf(entry);
    if (content === entry) continue;
    for (const name of [entry, content]) if (tree.fate(name) === "visible" && !runs.has(name)) held.add(content);
  }
  return new Map([...runs].filter(([visible]) => !held.has(tree.contentOf(visible))));
}

function rewritesOf(tree: FileTree, run: readonly number[]): Rewrite[] {
  return run.slice(1).map((entry, index) => {
    const previous = run[index] ?? entry;
    return { entry, previous, changes: changesBetween(tree, previous, entry) };
  });
}

/** What the later of two entries of a path says otherwise. */
export function changesBetween(tree: FileTree, previous: number, entry: number): MetadataChange[] {
  const changes: MetadataChange[] = [];
  if (tree.owner(previous) !== tree.owner(entry)) changes.push("owner");
  if (tree.mode(previous) !== tree.mode(entry)) changes.push("mode");
  if (tree.mtime(previous) !== tree.mtime(entry)) changes.push("mtime");
  if (!hasSameAttributes(tree, previous, entry)) changes.push("xattrs");
  return changes;
}

function hasSameAttributes(tree: FileTree, one: number, other: number): boolean {
  const [first, second] = [tree.xattrs(one), tree.xattrs(other)];
  return first.size === second.size && [...first].every(([name, value]) => second.get(name) === value);
}
