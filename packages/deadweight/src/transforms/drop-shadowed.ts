import type { Facts } from "../contracts/fact.ts";
import { defineTransform, type PlanContext, type PlannedEdit, type Transform } from "../contracts/transform.ts";
import { deadEntries } from "../facts/dead-entries.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { folderHolders } from "../facts/implied-folders.ts";
import { pathHistory } from "../facts/path-history.ts";
import type { Fate } from "../image/merge.ts";

/** Removes what no container shows, and the markers that then hide nothing. */
export const dropShadowed: Transform = defineTransform({
  name: "drop-shadowed",
  title: "Remove what later layers hide",
  safety: "lossless",
  order: 45,
  plan: (facts, context) => {
    const tree = facts.get(fileTree);
    const isFixed = fixedEntries(facts, context);
    const isLive = contentsInUse(tree, context);
    const dead = deadEntries(tree, { stays: isFixed, isLive });
    const candidates = dead.filter((entry) => !context.isRemoved(entry));
    const holders = folderHolders(tree, candidates, context.isRemoved);
    const stays = (entry: number): boolean => isFixed(entry) || holders.has(entry);
    const gone = holders.size === 0 ? dead : deadEntries(tree, { stays, isLive });
    return gone.filter((entry) => !context.isRemoved(entry)).map((entry) => removal(facts, entry));
  },
});

/** What may not be edited, and what earlier transforms want to have where it is. */
function fixedEntries(facts: Facts, context: PlanContext): (entry: number) => boolean {
  const tree = facts.get(fileTree);
  return (entry) => {
    if (!context.mayEdit(tree.layerOf(entry)) || context.isUncovered(entry)) return true;
    return context.editOf(entry) !== undefined && !context.isRemoved(entry);
  };
}

/** Hidden entries that carry the content of a visible hard link which stays. */
function contentsInUse(tree: FileTree, context: PlanContext): (entry: number) => boolean {
  const contents = new Set<number>();
  for (const entry of tree.all()) {
    const content = tree.contentOf(entry);
    if (content !== entry && !context.isRemoved(entry)) contents.add(content);
  }
  return (entry) => contents.has(entry);
}

const causes: Readonly<Record<Fate, string>> = {
  overwritten: "overwritten by",
  removed: "removed by",
  "below-removed": "below a folder removed by",
  "below-opaque": "below a folder emptied by",
  replaced: "below a folder that became a file or a link in",
  repeated: "stored again in",
  marker: "a marker that hides nothing, of",
  visible: "",
  merged: "",
};

function removal(facts: Facts, entry: number): PlannedEdit {
  const { fate, hiddenBy } = facts.get(pathHistory);
  const reason = `shadowed-files: ${causes[fate(entry)]} layer ${hiddenBy(entry)}`;
  return { entry, edit: { action: "remove" }, reason };
}
