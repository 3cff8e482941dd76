import type { Facts } from "../contracts/fact.ts";
import type { EntryEdit } from "../contracts/transform.ts";
import { fileTree } from "../facts/file-tree.ts";
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
}

/**
 * All that a rewritten image must keep and does not: the tree that a container sees differs exactly in the planned paths, layers without an
 * edit are the same, the config too but for diffIds, history and labels of ours, and no invariant is broken that held before.
 */
export function validateRewrite(before: Facts, after: Facts, plan: ValidatedPlan): readonly Violation[] {
  return [
    ...compareTrees(before, after, plan.edits),
    ...compareLayers(before, after, plan),
    ...compareConfigs(before.image, after.image),
    ...brokenSince(before, after),
  ];
}

function compareLayers(before: Facts, after: Facts, { edits, isRecompressed }: ValidatedPlan): readonly Violation[] {
  const tree = before.get(fileTree);
  const edited = new Set([...edits.keys()].map((entry) => tree.layerOf(entry)));
  const violations: Violation[] = [];
  let at = 0;
  for (const [layer, { digest, diffId }] of before.layers.entries()) {
    if (edited.has(layer)) continue;
    // A layer that lost all its entries may be gone, so places shift down, never up.
    const found = after.layers.findIndex((other, place) => place >= at && other.diffId === diffId);
    at = found < 0 ? at : found + 1;
    const actual = after.layers[found] ?? after.layers[layer];
    const isSame = found >= 0 && (isRecompressed || actual?.digest === digest);
    if (isSame) continue;
    violations.push({
      invariant: "untouched-layer",
      message: `layer ${layer}: nothing of it was to be changed, and it is not the same`,
      location: { layer },
      expected: isRecompressed ? diffId : digest,
      actual: (isRecompressed ? actual?.diffId : actual?.digest) ?? "no layer",
    });
  }
  return violations;
}

/** What is wrong with the image and was not wrong before. */
function brokenSince(before: Facts, after: Facts): readonly Violation[] {
  const keyOf = ({ invariant, location }: Violation): string => `${invariant} ${location?.path ?? ""}`;
  const known = new Set(validateImage(before).map(keyOf));
  return validateImage(after).filter((violation) => !known.has(keyOf(violation)));
}
