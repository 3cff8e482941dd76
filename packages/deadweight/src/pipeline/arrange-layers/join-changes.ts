import type { Facts } from "../../contracts/fact.ts";
import type { EntryEdit } from "../../contracts/transform.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { fates } from "../../image/merge.ts";
import { textOf } from "../../lib/byte-string.ts";
import type { PlannedChange } from "../plan-changes.ts";
import { predictCosts } from "../plan-changes/predict.ts";
import type { JoinPlan } from "./plan-join.ts";

/** The name under which the list of changes has what joining layers takes. */
const joining = "join-layers";
const remove: EntryEdit = { action: "remove" };

/** The entries that joining removes or rewrites and that were not to be so anyway, each with its reason, in order. */
export function joinChanges(
  facts: Facts,
  planned: ReadonlyMap<number, EntryEdit>,
  { edits, stack }: JoinPlan,
): readonly PlannedChange[] {
  const tree = facts.get(fileTree);
  const own = new Map([...edits].filter(([entry, edit]) => isOwn(edit, planned.get(entry))));
  const costs = predictCosts(facts, own);
  const numbers = new Map<number, number>();
  stack.sourceOf.forEach((entry, number) => numbers.set(entry, number));
  return [...own].map(([entry, { action }]): PlannedChange => {
    const number = numbers.get(entry) ?? -1;
    const fate = fates[stack.merged.fate[number] ?? 0];
    return {
      transform: joining,
      action: action === "remove" ? "remove" : "rewrite",
      layer: tree.layerOf(entry),
      path: textOf(tree.path(entry)),
      bytesBefore: tree.tarBytes(entry),
      bytesAfter: costs.get(entry)?.tarBytes ?? 0,
      reason:
        action === "remove"
          ? reasonOf(fate, stack.merged.hiddenBy[number] ?? 0)
          : "the folder gets the attributes that a higher layer gave it",
    };
  });
}

/** What a plan hides, joined layers may not have at all: it goes in both. A link to a lower layer is put in its place. */
function isOwn(edit: EntryEdit, planned: EntryEdit | undefined): boolean {
  if (planned === undefined) return true;
  const isGone = ({ action }: EntryEdit): boolean => /^(?:remove|hide|link-below)$/.test(action);
  return isGone(edit) && !isGone(planned);
}

/** The planned changes without those that joining makes otherwise. */
export function withoutOverridden(
  changes: readonly PlannedChange[],
  planned: ReadonlyMap<number, EntryEdit>,
  joins: readonly JoinPlan[],
): readonly PlannedChange[] {
  const entries = [...planned.keys()];
  const isOverridden = (entry: number): boolean =>
    joins.some(({ edits }) => edits.has(entry) && isOwn(edits.get(entry) ?? remove, planned.get(entry)));
  return changes.filter((_, place) => !isOverridden(entries[place] ?? -1));
}

function reasonOf(fate: (typeof fates)[number] | undefined, hiddenBy: number): string {
  if (fate === "visible" || fate === "merged") return "the folder is stored once in a layer, before what lies in it";
  if (fate === "marker") return "it hides nothing below the joined layers";
  return `another of the joined layers hides it (${fate ?? "hidden"} by number ${hiddenBy + 1} of them)`;
}
