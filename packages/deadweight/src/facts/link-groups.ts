import type { EntryEdit } from "../contracts/transform.ts";
import type { FileTree } from "./file-tree.ts";
import { textOf } from "../lib/byte-string.ts";
import type { Violation } from "../model/violation.ts";

/**
 * Names that were one file and are no more, or were not and are now, other than by a link that was planned. Entries of `old` that are left
 * out may be one with any file.
 */
export function groupsDiffer(
  old: FileTree,
  now: FileTree,
  edits: ReadonlyMap<number, EntryEdit>,
  isLeftOut: (entry: number) => boolean = () => false,
): readonly Violation[] {
  const groupOf = plannedGroups(old, edits);
  const newByOld = new Int32Array(old.entryCount).fill(-1);
  const oldByNew = new Int32Array(now.entryCount).fill(-1);
  const violations: Violation[] = [];
  for (const entry of old.all()) {
    const found = now.find(old.path(entry));
    if (found < 0 || old.type(entry) === "directory" || isLeftOut(entry)) continue;
    const group = groupOf(entry);
    const actual = now.contentOf(found);
    const isSame = joined(newByOld, group, actual) && joined(oldByNew, actual, group);
    if (!isSame) violations.push(violation(old, now, entry, group, actual));
  }
  return violations;
}

/** Whether `one` is joined to `other`; it is from now on if it is to none. */
function joined(joins: Int32Array, one: number, other: number): boolean {
  if (joins[one] === -1) joins[one] = other;
  return joins[one] === other;
}

/** By entry what stands for its file: all names of one file have the same. Planned links join files. */
function plannedGroups(tree: FileTree, edits: ReadonlyMap<number, EntryEdit>): (entry: number) => number {
  const joined = new Map<number, number>();
  const rootOf = (content: number): number => {
    let at = content;
    for (let up = joined.get(at); up !== undefined; up = joined.get(at)) at = up;
    return at;
  };
  for (const [entry, edit] of edits) {
    if (edit.action !== "link" && edit.action !== "link-below") continue;
    const [one, other] = [rootOf(tree.contentOf(entry)), rootOf(tree.contentOf(edit.to))];
    if (one !== other) joined.set(one, other);
  }
  return (entry) => rootOf(tree.contentOf(shownInstead(tree, edits, entry)));
}

/** The entry that is seen once an entry of its path has gone: the highest below it that stays. */
function shownInstead(tree: FileTree, edits: ReadonlyMap<number, EntryEdit>, entry: number): number {
  const isRemoved = (one: number): boolean => edits.get(one)?.action === "remove";
  if (!isRemoved(entry)) return entry;
  return tree.stored(tree.nodeOf(entry)).findLast((lower) => lower < entry && !isRemoved(lower)) ?? entry;
}

function violation(old: FileTree, now: FileTree, entry: number, group: number, actual: number): Violation {
  const path = textOf(old.path(entry));
  return {
    invariant: "link-group",
    message: `${path}: it is not one file with the names that it must be`,
    location: { layer: old.layerOf(entry), path },
    expected: `one with ${textOf(old.path(group))}`,
    actual: `one with ${textOf(now.path(actual))}`,
  };
}
