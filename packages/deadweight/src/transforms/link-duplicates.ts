import type { Facts } from "../contracts/fact.ts";
import { defineTransform, type PlanContext, type PlannedEdit, type Transform } from "../contracts/transform.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { sameContent } from "../facts/same-content.ts";
import { textOf } from "../lib/byte-string.ts";

/** Makes equal files of one layer hard links of the first in the archive. */
export const linkDuplicates: Transform = defineTransform({
  name: "link-duplicates",
  title: "Make equal files of one layer hard links",
  safety: "verified",
  order: 50,
  plan: (facts, context) =>
    facts.get(sameContent).flatMap((group) =>
      linksOf(
        facts,
        context,
        group.map(({ content }) => content),
      ),
    ),
});

/** Copies that no container shows are left alone: they are to go, not to be linked. */
function linksOf(facts: Facts, context: PlanContext, copies: readonly number[]): PlannedEdit[] {
  const tree = facts.get(fileTree);
  const free = copies.filter((entry) => context.mayEdit(tree.layerOf(entry)) && isShown(tree, context, entry));
  return [...Map.groupBy(free, (entry) => attributesOf(tree, context, entry)).values()].flatMap((equal) => {
    const [first, ...others] = equal.toSorted((one, other) => one - other);
    if (first === undefined) return [];
    const reason = `duplicate-files: the same content, owner, mode and time as /${textOf(tree.path(first))}`;
    return others
      .filter((entry) => !context.isKept(tree.path(entry)))
      .map((entry): PlannedEdit => ({ entry, edit: { action: "link", to: first }, reason }));
  });
}

/** Seen as it is stored, or once a copy above it has gone, with the attributes of that one. */
function isShown(tree: FileTree, context: PlanContext, entry: number): boolean {
  const edit = context.editOf(entry);
  if (context.isUncovered(entry)) return edit === undefined || edit.action === "take-attributes";
  return edit === undefined && tree.fate(entry) === "visible";
}

/**
 * Everything that names of one file share, and the layer, as links do not reach into others. What takes attributes is linked to what
 * takes the same ones: a file gets those of one of its names.
 */
function attributesOf(tree: FileTree, context: PlanContext, entry: number): string {
  const edit = context.editOf(entry);
  const source = edit?.action === "take-attributes" ? edit.of : entry;
  const xattrs = [...tree.xattrs(source)].sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([
    tree.layerOf(entry),
    source === entry,
    tree.owner(source),
    tree.mode(source),
    tree.mtime(source),
    xattrs,
  ]);
}
