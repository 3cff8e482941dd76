import type { Facts } from "../../src/contracts/fact.ts";
import type { EntryEdit } from "../../src/contracts/transform.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import type { Violation } from "../../src/model/violation.ts";

/** The number of a layer's entry at a path. */
export function entryAt(facts: Facts, layer: number, path: string): number {
  const tree = facts.get(fileTree);
  const entry = tree.stored(tree.paths.find(path)).find((candidate) => tree.layerOf(candidate) === layer);
  if (entry === undefined) throw new Error(`layer ${layer} stores no ${path}`);
  return entry;
}

/** Edits by layer and path, `layer path`. */
export function editsOf(facts: Facts, edits: Readonly<Record<string, EntryEdit>>): ReadonlyMap<number, EntryEdit> {
  return new Map(
    Object.entries(edits).map(([place, edit]) => {
      const [layer = "", path = ""] = place.split(" ");
      return [entryAt(facts, Number(layer), path), edit];
    }),
  );
}

/** Violations as one line each: invariant, path, both values. */
export function linesOf(violations: readonly Violation[]): readonly string[] {
  return violations.map(
    ({ invariant, location, expected, actual }) => `${invariant} ${location?.path ?? ""}: ${expected} | ${actual}`,
  );
}
