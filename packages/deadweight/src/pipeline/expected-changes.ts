import type { Comparison, ExpectedChange } from "../contracts/check.ts";
import type { Facts } from "../contracts/fact.ts";
import { fileTree } from "../facts/file-tree.ts";
import { textOf } from "../lib/byte-string.ts";
import type { PlannedChanges } from "./load-changes.ts";
import { keptPaths } from "./plan-changes/kept-paths.ts";

const nothing: ReadonlySet<ExpectedChange> = new Set();
const anything: ReadonlySet<ExpectedChange> = new Set(["anything"]);

/**
 * What may become of each path: what the list of changes says, and anything where a pattern matches the path or a folder above it, in either
 * image. Patterns are those of `FileTree.glob`.
 */
export function expectedChanges(
  images: readonly Facts[],
  planned: PlannedChanges | undefined,
  patterns: readonly string[],
): Comparison["expected"] {
  const free = images.map((facts) => keptPaths(facts.get(fileTree), patterns));
  return (path) => (free.some(({ has }) => has(path)) ? anything : (planned?.actions.get(textOf(path)) ?? nothing));
}
