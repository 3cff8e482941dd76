import type { EntryEdit, PlanContext } from "../../contracts/transform.ts";
import type { ByteString } from "../../lib/byte-string.ts";
import type { FileTree } from "../../facts/file-tree.ts";

/** An entry whose content is cut. */
export interface CutEntry {
  readonly entry: number;
  readonly edit: EntryEdit & { readonly action: "cut-content" };
  /** Of its content before, as bytes. */
  readonly sha256: ByteString;
}

/**
 * The entry whose content a container will see where it sees that of `content` now: itself, the one that it becomes a link of, or the
 * copy in a lower layer that takes its attributes. Undefined when the path goes, or when that copy is a link itself.
 */
export function shownContent(tree: FileTree, context: PlanContext, content: number): number | undefined {
  const edit = context.editOf(content);
  if (isLink(edit)) return edit.to;
  if (!context.isRemoved(content)) return content;
  const lower = tree.stored(tree.nodeOf(content)).findLast((entry) => context.isUncovered(entry));
  if (lower === undefined || tree.contentOf(lower) !== lower) return undefined;
  const lowerEdit = context.editOf(lower);
  return isLink(lowerEdit) ? lowerEdit.to : lower;
}

function isLink(edit: EntryEdit | undefined): edit is EntryEdit & { readonly action: "link" | "link-below" } {
  return edit?.action === "link" || edit?.action === "link-below";
}

/** The cut that a container will see at a visible entry, when there is one. */
export function cutSeenAt(tree: FileTree, context: PlanContext, entry: number): CutEntry | undefined {
  const shown = shownContent(tree, context, tree.contentOf(entry));
  const edit = shown === undefined ? undefined : context.editOf(shown);
  return shown !== undefined && edit?.action === "cut-content" ? { entry: shown, edit, sha256: tree.hash(shown) } : undefined;
}
