import type { Facts } from "../contracts/fact.ts";
import { defineTransform, type PlanContext, type PlannedEdit, type Transform } from "../contracts/transform.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { copiesOfContent } from "../facts/same-content.ts";
import { type ByteString, textOf } from "../lib/byte-string.ts";

/** Makes equal files of one layer hard links of the first in the archive. */
export const linkDuplicates: Transform = defineTransform({
  name: "link-duplicates",
  title: "Make equal files of one layer hard links",
  safety: "verified",
  order: 50,
  plan: (facts, context) => {
    const tree = facts.get(fileTree);
    return copiesOfContent(tree, (entry) => shownInstead(tree, context, entry)).flatMap((group) =>
      linksOf(
        facts,
        context,
        group.flatMap(({ content }) => (isTemporary(tree.path(content)) ? [] : [content])),
      ),
    );
  },
});

/** What earlier transforms let a container see in the place of an entry, if they do. */
function shownInstead(tree: FileTree, { isRemoved, isUncovered }: PlanContext, entry: number): number {
  return isRemoved(entry) ? (tree.stored(tree.nodeOf(entry)).find(isUncovered) ?? entry) : entry;
}

/** What is to go as soon as nothing is in the way is no other file's content: a link to it would be in the way. */
function isTemporary(path: ByteString): boolean {
  return /^(?:var\/)?tmp\//.test(path);
}

/** Copies that no container shows are left alone: they are to go, not to be linked. */
function linksOf(facts: Facts, context: PlanContext, copies: readonly number[]): PlannedEdit[] {
  const tree = facts.get(fileTree);
  const free = copies.filter((entry) => context.mayEdit(tree.layerOf(entry)) && isShown(tree, context, entry));
  return [...Map.groupBy(free, (entry) => attributesOf(tree, context, entry)).values()].flatMap((equal) =>
    linksToFirst(
      tree,
      context,
      equal.toSorted((one, other) => one - other),
    ),
  );
}

/** A file gets the attributes of its names: where one of them takes some, the one that the others lead to says the same. */
function linksToFirst(tree: FileTree, context: PlanContext, equal: readonly number[]): PlannedEdit[] {
  const [first, ...rest] = equal;
  if (first === undefined) return [];
  const takes = (entry: number): boolean => context.editOf(entry)?.action === "take-attributes";
  const isFixed = context.isKept(tree.path(first));
  const others = rest.filter((entry) => !context.isKept(tree.path(entry)) && !(isFixed && takes(entry)));
  const reason = `duplicate-files: the same content, owner, mode and time as /${textOf(tree.path(first))}`;
  const links = others.map((entry): PlannedEdit => ({ entry, edit: { action: "link", to: first }, reason }));
  const left = isFixed ? linksToFirst(tree, context, rest.filter(takes)) : [];
  if (takes(first) || !others.some(takes)) return [...links, ...left];
  return [
    { entry: first, edit: { action: "take-attributes", of: first }, reason: "duplicate-files: others become links of it" },
    ...links,
  ];
}

/** Seen as it is stored, or once a copy above it has gone, with the attributes of that one. */
function isShown(tree: FileTree, context: PlanContext, entry: number): boolean {
  const edit = context.editOf(entry);
  if (context.isUncovered(entry)) return edit === undefined || edit.action === "take-attributes";
  return edit === undefined && tree.fate(entry) === "visible";
}

/** Everything that names of one file share, once it is edited, and the layer, as links do not reach into others. */
function attributesOf(tree: FileTree, context: PlanContext, entry: number): string {
  const edit = context.editOf(entry);
  const source = edit?.action === "take-attributes" ? edit.of : entry;
  const xattrs = [...tree.xattrs(source)].sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([tree.layerOf(entry), tree.owner(source), tree.mode(source), tree.mtime(source), xattrs]);
}
