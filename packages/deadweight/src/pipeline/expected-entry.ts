import type { Facts } from "../contracts/fact.ts";
import type { EntryEdit } from "../contracts/transform.ts";
import type { NewContentSums } from "../image/rewrite/new-content-sums.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";

/** What a container must see at the path of a visible entry after the edits: what it sees now, other content, nothing, or either. */
export type Expectation =
  | { readonly kind: "same" }
  | { readonly kind: "content"; readonly content: Uint8Array }
  /** Content that is known by its size and sha256 alone, in hexadecimal digits. */
  | { readonly kind: "digest"; readonly size: number; readonly sha256: string }
  | { readonly kind: "absent" }
  /** The entry goes, and one below it may show the same. */
  | { readonly kind: "absent-or-same" };

/** What edits do to what a container sees, worked out apart from those who plan and those who write. */
export function expectedOf(
  facts: Facts,
  edits: ReadonlyMap<number, EntryEdit>,
  sums: NewContentSums,
): (entry: number) => Expectation {
  const tree = facts.get(fileTree);
  const contentAt = (entry: number): Expectation => {
    const own = edits.get(entry);
    const isLink = own?.action === "link" || own?.action === "link-below";
    const content = tree.contentOf(isLink ? own.to : entry);
    const edit = edits.get(content);
    if (edit?.action !== "cut-content") return { kind: "same" };
    const sum = sums.get(content);
    if (sum === undefined) throw new Error(`the new content of ${tree.path(content)} was not summed`);
    return { kind: "digest", size: edit.size, sha256: sum.sha256 };
  };
  return (entry) => {
    const edit = edits.get(entry);
    if (edit?.action === "rewrite") return { kind: "content", content: edit.content };
    if (edit?.action === "hide") return { kind: "absent" };
    return edit?.action === "remove" ? withoutEntry(tree, edits, entry, contentAt) : contentAt(entry);
  };
}

/** When a visible entry is removed, the highest one below it that stays shows through. */
function withoutEntry(
  tree: FileTree,
  edits: ReadonlyMap<number, EntryEdit>,
  entry: number,
  contentAt: (entry: number) => Expectation,
): Expectation {
  for (const lower of tree.stored(tree.nodeOf(entry)).toReversed()) {
    if (lower >= entry) continue;
    const edit = edits.get(lower);
    if (edit?.action === "remove") continue;
    const isTaking = edit?.action === "take-attributes" || edit?.action === "cut-content";
    if ((isTaking && edit.of === entry) || edit?.action === "link-below") return contentAt(lower);
    return edit?.action === "hide" || tree.fate(lower) === "marker" ? { kind: "absent" } : { kind: "absent-or-same" };
  }
  return { kind: "absent" };
}
