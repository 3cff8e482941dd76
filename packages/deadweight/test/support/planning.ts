import { fileTree } from "../../src/facts/file-tree.ts";
import { planChanges, type ChangePlan, type PlanOptions } from "../../src/pipeline/plan-changes.ts";
import { editedLayers } from "./edited-layers.ts";
import { factsOf, type TestEntry } from "./layers.ts";

export interface PlanningOptions extends Partial<PlanOptions> {
  /** How many of the lowest layers are the base image's. */
  readonly base?: number;
  readonly facts?: Parameters<typeof factsOf>[1];
}

/** A plan for test layers, its edits as `LAYER:PATH` in the order of the entries, and the layers with the edits carried out. */
export interface Planned {
  readonly plan: ChangePlan;
  /** `cut-content 1:a`, `remove 1:a`, `hide 1:a`, `link 1:a to 1:b`, `link-below 1:a to 0:b`, `take-attributes 0:a of 1:a`, `rewrite 1:a`. */
  readonly edits: readonly string[];
  readonly after: readonly (readonly TestEntry[])[];
}

/** Plans changes of test layers; all layers are the user's own unless told. */
export function planned(layers: readonly (readonly TestEntry[])[], options: PlanningOptions = {}): Planned {
  const { base = 0, facts: factOptions = {}, ...rest } = options;
  const diffIds = factsOf(layers.slice(0, base)).layers.map(({ diffId }) => diffId);
  const facts = factsOf(layers, { knownBases: [{ name: "base", diffIds }], ...factOptions });
  const tree = facts.get(fileTree);
  const plan = planChanges(facts, { level: "lossless", rewriteBase: false, ...rest });
  const named = (entry: number): string => `${tree.layerOf(entry)}:${tree.path(entry)}`;
  const edits = [...plan.edits].map(([entry, edit]) => {
    const rest =
      edit.action === "link" || edit.action === "link-below"
        ? ` to ${named(edit.to)}`
        : edit.action === "take-attributes"
          ? ` of ${named(edit.of)}`
          : "";
    return `${edit.action} ${named(entry)}${rest}`;
  });
  return { plan, edits, after: editedLayers(layers, plan.edits) };
}
