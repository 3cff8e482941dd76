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
  const free = copies.filter(
    (entry) => tree.fate(entry) === "visible" && context.mayEdit(tree.layerOf(entry)) && context.editOf(entry) === undefined,
  );
  return [...Map.groupBy(free, (entry) => attributesOf(tree, entry)).values()].flatMap((equal) => {
    const [first, ...others] = equal.toSorted((one, other) => one - other);
    if (first === undefined) return [];
    const reason = `duplicate-files: the same content, owner, mode and time as /${textOf(tree.path(first))}`;
    return others
      .filter((entry) => !context.isKept(tree.path(entry)))
      .map((entry): PlannedEdit => ({ entry, edit: { action: "link", to: first }, reason }));
  });
}

/** Everything that names of one file share, and the layer, as links do not reach into others. */
function attributesOf(tree: FileTree, entry: number): string {
  const xattrs = [...tree.xattrs(entry)].sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([tree.layerOf(entry), tree.owner(entry), tree.mode(entry), tree.mtime(entry), xattrs]);
}
