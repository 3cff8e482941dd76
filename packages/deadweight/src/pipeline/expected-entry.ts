import type { Facts } from "../contracts/fact.ts";
import type { EntryEdit } from "../contracts/transform.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";

/** What a container must see at the path of a visible entry after the edits: what it sees now, other content, nothing, or either. */
export type Expectation =
  | { readonly kind: "same" }
  | { readonly kind: "content"; readonly content: Uint8Array }
  | { readonly kind: "absent" }
  /** The entry goes, and one below it may show the same. */
  | { readonly kind: "absent-or-same" };

/** What edits do to what a container sees, worked out apart from those who plan and those who write. */
export function expectedOf(facts: Facts, edits: ReadonlyMap<number, EntryEdit>): (entry: number) => Expectation {
  const tree = facts.get(fileTree);
  return (entry) => {
    const edit = edits.get(entry);
    if (edit === undefined || edit.action === "link" || edit.action === "take-attributes") return { kind: "same" };
    if (edit.action === "rewrite") return { kind: "content", content: edit.content };
    return edit.action === "hide" ? { kind: "absent" } : withoutEntry(tree, edits, entry);
  };
}

/** When a visible entry is removed, the highest one below it that stays shows through. */
function withoutEntry(tree: FileTree, edits: ReadonlyMap<number, EntryEdit>, entry: number): Expectation {
  for (const lower of tree.stored(tree.nodeOf(entry)).toReversed()) {
    if (lower >= entry) continue;
    const edit = edits.get(lower);
    if (edit?.action === "remove") continue;
    if (edit?.action === "take-attributes" && edit.of === entry) return { kind: "same" };
    return edit?.action === "hide" || tree.fate(lower) === "marker" ? { kind: "absent" } : { kind: "absent-or-same" };
  }
  return { kind: "absent" };
}
