import type { Facts } from "../contracts/fact.ts";
import type { EntryEdit, PlanContext, PlannedEdit, Transform } from "../contracts/transform.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { fragileLayers } from "../facts/fragile-layers.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import { textOf } from "../lib/byte-string.ts";
import type { LayerShape } from "../model/layer-shape.ts";
import { ruleFindings } from "./rule-findings.ts";
import { transforms } from "../transforms/index.ts";
import { joinableLayers } from "./arrange-layers/joinable-layers.ts";
import { chooseTransforms, type TransformChoice } from "./plan-changes/choose-transforms.ts";
import { keptPaths } from "./plan-changes/kept-paths.ts";
import { predictCosts, type Costs } from "./plan-changes/predict.ts";
import { resolveRemovals } from "./plan-changes/resolve-removals.ts";

export interface PlanOptions extends TransformChoice {
  /** Patterns of paths to leave as they are, as for `FileTree.glob`; a folder is kept with all below it. */
  readonly keep?: readonly string[];
  /** Whether layers of the base image may be edited: they are then no longer shared with it. */
  readonly rewriteBase: boolean;
  /** Which layers the result is to have; those of the source when absent. */
  readonly layers?: LayerShape;
}

/** One change to a stored entry, for the list of changes. Sizes are of the uncompressed layer, headers and padding included. */
export interface PlannedChange {
  readonly transform: string;
  readonly action: "remove" | "rewrite" | "link";
  readonly layer: number;
  readonly path: string;
  readonly bytesBefore: number;
  /** More than nothing for what is removed where a whiteout takes its place. */
  readonly bytesAfter: number;
  readonly reason: string;
}

/** What is to be done to an image, and what it will be like. */
export interface ChangePlan {
  /** By entry of the `FileTree`. */
  readonly edits: ReadonlyMap<number, EntryEdit>;
  /** One for each edit, in the order of the entries. */
  readonly changes: readonly PlannedChange[];
  /** All layers together, once they are edited and compressed as they are now. */
  readonly predicted: Costs;
  /** What is left alone, and why. */
  readonly notes: readonly string[];
}

/**
 * Plans the chosen transforms, one after the other; of two edits of an entry the first stands. What a container sees after the edits
 * is what it saw before, less the visible entries that the plan removes. Throws UserError for names of transforms that are none.
 */
export function planChanges(facts: Facts, options: PlanOptions): ChangePlan {
  const tree = facts.get(fileTree);
  const kept = keptPaths(tree, options.keep ?? []);
  const fragile = facts.get(fragileLayers);
  const isBase = (layer: number): boolean => facts.get(layerOrigins).layers[layer]?.base === true;
  const mayEdit = (layer: number): boolean => (options.rewriteBase || !isBase(layer)) && !fragile.has(layer);
  const moves = movesAllowed(facts, mayEdit, options.layers ?? { kind: "keep" });
  const draft = createDraft(facts, { isKept: kept.has, mayEdit, ...moves });
  const told = chooseTransforms(transforms, options).flatMap((transform) => draft.add(transform));
  const editable = [...fragile].filter(([layer]) => options.rewriteBase || !isBase(layer));
  return {
    ...described(facts, draft.edits()),
    notes: [
      ...editable.map(
        ([layer, reason]) => `layer ${layer} is left as it is, as runtimes differ in what they make of it: ${reason}`,
      ),
      ...told,
      ...kept.unmatched.map((pattern) => `nothing to keep matches ${JSON.stringify(pattern)}`),
    ],
  };
}

interface DraftEdit {
  readonly edit: EntryEdit;
  readonly transform: string;
  readonly reason: string;
}

interface Draft {
  /** Adds what a transform plans; gives its notes. */
  readonly add: (transform: Transform) => readonly string[];
  /** In the order of the entries. */
  readonly edits: () => ReadonlyMap<number, DraftEdit>;
}

/** Down to a layer that is joined with it, or like it with none; all layers between may be edited. */
function movesAllowed(
  facts: Facts,
  mayEdit: PlanContext["mayEdit"],
  shape: LayerShape,
): Pick<PlanContext, "mayMove" | "areJoined"> {
  const joins = joinableLayers(facts, shape);
  const joinOf = (layer: number): number => joins.findIndex(({ layers }) => layers.includes(layer));
  const between = (from: number, to: number): number[] => Array.from({ length: from - to + 1 }, (_, place) => to + place);
  return {
    mayMove: (from, to) => joinOf(from) === joinOf(to) && between(from, to).every(mayEdit),
    areJoined: (one, other) => joinOf(one) >= 0 && joinOf(one) === joinOf(other),
  };
}

function createDraft(facts: Facts, limits: Pick<PlanContext, "isKept" | "mayEdit" | "mayMove" | "areJoined">): Draft {
  const tree = facts.get(fileTree);
  const edits = new Map<number, DraftEdit>();
  const uncovered = new Set<number>();
  const isRemoved = (entry: number): boolean => /^(?:remove|hide)$/.test(edits.get(entry)?.edit.action ?? "");
  const context: PlanContext = {
    ...limits,
    isRemoved,
    editOf: (entry) => edits.get(entry)?.edit,
    isUncovered: (entry) => uncovered.has(entry),
    findings: ruleFindings(facts),
  };
  const add = (transform: Transform): readonly string[] => {
    const planned = new Map<number, PlannedEdit>();
    const made = transform.plan(facts, context);
    const { edits: proposed, notes } = "notes" in made ? made : { edits: made, notes: [] };
    for (const edit of proposed) {
      if (isAllowed(tree, context, edit) && isNew(context, edit)) planned.set(edit.entry, edit);
    }
    const goes = [...planned.values()].filter(({ edit, instead }) => edit.action === "remove" && instead === undefined);
    const removals = resolveRemovals(
      tree,
      goes.map(({ entry }) => entry),
      context,
    );
    for (const [entry, { action, because }] of removals) {
      const reason = planned.get(because)?.reason ?? "";
      if (!edits.has(entry)) edits.set(entry, { edit: { action }, transform: transform.name, reason });
    }
    for (const { entry, edit, reason, instead } of planned.values()) {
      if (edit.action === "remove" && instead === undefined) continue;
      edits.set(entry, { edit, transform: transform.name, reason });
      if (instead !== undefined) uncovered.add(instead);
    }
    return notes;
  };
  return { add, edits: () => new Map([...edits].sort(([one], [other]) => one - other)) };
}

/**
 * The first edit of an entry stands, but what takes attributes may become a link of what takes the same, and its content may be cut
 * besides, more than once.
 */
function isNew({ editOf, isUncovered }: PlanContext, { entry, edit }: PlannedEdit): boolean {
  const before = editOf(entry);
  if (edit.action === "link" || edit.action === "link-below") return before === undefined || before.action === "take-attributes";
  if (edit.action === "cut-content" && edit.of !== undefined)
    return before === undefined
      ? isUncovered(entry)
      : (before.action === "take-attributes" || before.action === "cut-content") && before.of === edit.of;
  // What is written anew already is written again by who has seen the first.
  if (edit.action === "rewrite" && before?.action === "rewrite") return before.digests === undefined;
  // What is cut already is cut further by who has seen the first cut.
  if (edit.action === "cut-content" && before?.action === "cut-content") return before.of === undefined;
  return before === undefined && !isUncovered(entry);
}

/** A hidden entry may go though its path is to be kept: what a container sees there stays. */
function isAllowed(tree: FileTree, { isKept, mayEdit }: PlanContext, { entry }: PlannedEdit): boolean {
  return mayEdit(tree.layerOf(entry)) && !(tree.fate(entry) === "visible" && isKept(tree.path(entry)));
}

function described(facts: Facts, drafts: ReadonlyMap<number, DraftEdit>): Omit<ChangePlan, "notes"> {
  const tree = facts.get(fileTree);
  const edits = new Map([...drafts].map(([entry, { edit }]) => [entry, edit]));
  const costs = predictCosts(facts, edits);
  const predicted = {
    tarBytes: facts.layers.reduce((total, { tarBytes }) => total + tarBytes, 0),
    compressedBytes: facts.layers.reduce((total, { compressedBytes }) => total + compressedBytes, 0),
  };
  for (const [entry, cost] of costs) {
    predicted.tarBytes += cost.tarBytes - tree.tarBytes(entry);
    predicted.compressedBytes += cost.compressedBytes - tree.compressedBytes(entry);
  }
  const changes = [...drafts].map(([entry, { edit, transform, reason }]): PlannedChange => ({
    transform,
    action: actionOf(edit),
    layer: tree.layerOf(entry),
    path: textOf(tree.path(entry)),
    bytesBefore: tree.tarBytes(entry),
    bytesAfter: costs.get(entry)?.tarBytes ?? 0,
    reason,
  }));
  return { edits, changes, predicted };
}

function actionOf({ action }: EntryEdit): PlannedChange["action"] {
  if (action === "link" || action === "link-below") return "link";
  return action === "remove" || action === "hide" ? "remove" : "rewrite";
}
