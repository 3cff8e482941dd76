import type { Facts } from "../contracts/fact.ts";
import type { NewContentSums } from "../image/rewrite/new-content-sums.ts";
import type { EntryEdit } from "../contracts/transform.ts";
import { fileTree } from "../facts/file-tree.ts";
import type { ArrangedLayer } from "../image/rewrite/arrangement.ts";
import type { Violation } from "../model/violation.ts";
import { compareConfigs } from "./compare-configs.ts";
import { compareTrees } from "./compare-trees.ts";
import { validateImage } from "./validate-image.ts";

/** What was to be changed. */
export interface ValidatedPlan {
  /** By entry of the image before. */
  readonly edits: ReadonlyMap<number, EntryEdit>;
  /** Whether layers without an edit may have been compressed again. */
  readonly isRecompressed: boolean;
  /** What the layers of the image after are made of; those of the image before when absent. */
  readonly layers?: readonly ArrangedLayer[];
  /** Of the contents that edits cut: what they must be then. */
  readonly sums?: NewContentSums;
}

/**
 * All that a rewritten image must keep and does not: the tree that a container sees differs exactly in the planned paths, layers without an
 * edit are the same, the config too but for diffIds, history and labels of ours, and no invariant is broken that held before.
 */
export function validateRewrite(before: Facts, after: Facts, plan: ValidatedPlan): readonly Violation[] {
  return [
    ...compareTrees(before, after, plan.edits, plan.sums),
    ...compareLayers(before, after, plan),
    ...compareConfigs(before.image, after.image),
    ...brokenSince(before, after),
  ];
}

function compareLayers(before: Facts, after: Facts, plan: ValidatedPlan): readonly Violation[] {
  const tree = before.get(fileTree);
  const touched = (entry: number, edit: EntryEdit): number[] => (edit.action === "link-below" ? [entry, edit.to] : [entry]);
  const edited = new Set([...plan.edits].flatMap(([entry, edit]) => touched(entry, edit).map(tree.layerOf)));
  const wrong = (layer: number, message: string, expected: string, actual: string): Violation => ({
    invariant: "untouched-layer",
    message: `layer ${layer}: ${message}`,
    location: { layer },
    expected,
    actual,
  });
  const arranged = plan.layers ?? [...before.layers.keys()].map((layer): ArrangedLayer => ({ kind: "kept", layer }));
  const [asked, now] = [arranged.length, after.layers.length];
  if (asked !== now)
    return [wrong(Math.min(asked, now), "the image has not as many layers as it must", String(asked), String(now))];
  return arranged.flatMap((layer, place) => {
    if (layer.kind !== "kept" || edited.has(layer.layer)) return [];
    const [expected, actual] = [before.layers[layer.layer], after.layers[place]].map(
      (index) => (plan.isRecompressed ? index?.diffId : index?.digest) ?? "none",
    );
    if (expected === undefined || actual === undefined || expected === actual) return [];
    return [wrong(layer.layer, "nothing of it was to be changed, and it is not the same", expected, actual)];
  });
}

/** What is wrong with the image and was not wrong before. */
function brokenSince(before: Facts, after: Facts): readonly Violation[] {
  const keyOf = ({ invariant, location }: Violation): string => `${invariant} ${location?.path ?? ""}`;
  const known = new Set(validateImage(before).map(keyOf));
  return validateImage(after).filter((violation) => !known.has(keyOf(violation)));
}
