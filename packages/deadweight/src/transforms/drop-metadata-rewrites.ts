import type { Facts } from "../contracts/fact.ts";
import { defineTransform, type PlanContext, type PlannedEdit, type Transform } from "../contracts/transform.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { namesByContent } from "../facts/names-by-content.ts";
import { changesBetween, pathHistory } from "../facts/path-history.ts";
import { countOf } from "../lib/count-of.ts";

/**
 * Keeps the lowest copy of what was stored again for a new owner, mode or time: it takes the attributes of the visible one, so that a container
 * sees the same. The large layer then is the one that rarely changes; where this can't be done drop-shadowed removes the lower copies.
 */
export const dropMetadataRewrites: Transform = defineTransform({
  name: "drop-metadata-rewrites",
  title: "Give files their last owner, mode and time where they are first stored",
  safety: "lossless",
  order: 40,
  plan: (facts, context) => {
    const tree = facts.get(fileTree);
    const runs = editableRuns(facts, context);
    const names = namesByContent(tree);
    return [...runs.values()].filter((run) => isSameGroup(tree, run, runs, names)).flatMap((run) => editsOf(tree, run));
  },
});

interface Run {
  /** The lowest copy, which stays. */
  readonly kept: number;
  /** The copies above it, the visible one first. */
  readonly copies: readonly number[];
  readonly visible: number;
}

/** By visible entry, as far down as all copies may be edited. */
function editableRuns(facts: Facts, context: PlanContext): ReadonlyMap<number, Run> {
  const tree = facts.get(fileTree);
  const previous = new Map(facts.get(pathHistory).rewrites.map((rewrite) => [rewrite.entry, rewrite.previous]));
  const isFree = (entry: number): boolean => context.mayEdit(tree.layerOf(entry)) && context.editOf(entry) === undefined;
  const runs = new Map<number, Run>();
  for (const visible of previous.keys()) {
    if (tree.fate(visible) !== "visible" || !isFree(visible) || context.isKept(tree.path(visible))) continue;
    const copies: number[] = [];
    let kept = visible;
    for (let below = previous.get(kept); below !== undefined && isFree(below); below = previous.get(kept)) {
      copies.push(kept);
      kept = below;
    }
    if (kept !== visible) runs.set(visible, { kept, copies, visible });
  }
  return runs;
}

type Names = ReturnType<typeof namesByContent>;

/** Names of one file have one owner and mode, so all of them must move together, from one file to one file. */
function isSameGroup(tree: FileTree, run: Run, runs: ReadonlyMap<number, Run>, names: Names): boolean {
  const [below, above] = [tree.contentOf(run.kept), tree.contentOf(run.visible)];
  const visibleOf = (kept: number): number | undefined => {
    const visible = tree.visible(tree.nodeOf(kept));
    return runs.get(visible)?.kept === kept ? visible : undefined;
  };
  const isBound = (kept: number): boolean => {
    const visible = visibleOf(kept);
    return visible !== undefined && tree.contentOf(visible) === above;
  };
  const comesFrom = (visible: number): boolean => {
    const kept = runs.get(visible)?.kept;
    // What a link says of its file is not always true: engines go by the last name.
    return kept !== undefined && tree.contentOf(kept) === below && changesBetween(tree, above, visible).length === 0;
  };
  return (names.get(below) ?? [run.kept]).every(isBound) && (names.get(above) ?? [run.visible]).every(comesFrom);
}

function editsOf(tree: FileTree, { kept, copies, visible }: Run): PlannedEdit[] {
  const changes = changesBetween(tree, kept, visible);
  const again = countOf(copies.length, "time");
  const reason = `metadata-rewrites: stored again ${again} above layer ${tree.layerOf(kept)} with the same content`;
  const removals = copies.map((entry): PlannedEdit => ({ entry, edit: { action: "remove" }, reason, instead: kept }));
  if (changes.length === 0) return removals;
  return [
    ...removals,
    {
      entry: kept,
      edit: { action: "take-attributes", of: visible },
      reason: `metadata-rewrites: takes the ${changes.join(", ")} that layer ${tree.layerOf(visible)} gave it`,
    },
  ];
}
