import type { Comparison, ExpectedChange } from "../contracts/check.ts";
import type { Facts } from "../contracts/fact.ts";
import { fileTree } from "../facts/file-tree.ts";
import { textOf } from "../lib/byte-string.ts";
import { goneFolders, rewrittenByBuilds, writtenByBuilds } from "./expected-changes/rebuilt.ts";
import type { PlannedChanges } from "./load-changes.ts";
import { keptPaths } from "./plan-changes/kept-paths.ts";

const nothing: ReadonlySet<ExpectedChange> = new Set();
const anything: ReadonlySet<ExpectedChange> = new Set(["anything"]);

/** What is expected beside the list of changes. */
export interface Expected {
  readonly expect: readonly string[];
  readonly isRebuilt?: boolean;
  readonly removed?: Iterable<string>;
}

/**
 * What may become of each path: what the list of changes says, and anything where a pattern matches the path or a folder above it, in either
 * image. Patterns are those of `FileTree.glob`. Of an image that was built anew, times may differ, and what no two builds write alike.
 */
export function expectedChanges(
  images: readonly [before: Facts, after: Facts],
  planned: PlannedChanges | undefined,
  { expect, isRebuilt = false, removed = [] }: Expected,
): Comparison["expected"] {
  const patterns = isRebuilt ? [...expect, ...writtenByBuilds] : expect;
  const free = images.map((facts) => keptPaths(facts.get(fileTree), patterns));
  const rewritten = images.map((facts) => keptPaths(facts.get(fileTree), isRebuilt ? rewrittenByBuilds : []));
  const [before] = images;
  const gone = new Set(removed);
  const folders = goneFolders(before.get(fileTree), gone);
  return (path) => {
    if (free.some(({ has }) => has(path))) return anything;
    const text = textOf(path);
    const changes = planned?.actions.get(text) ?? nothing;
    if (!isRebuilt && gone.size === 0) return changes;
    const more: ExpectedChange[] = [
      ...(isRebuilt ? (["times"] as const) : []),
      ...(gone.has(text) || folders.has(text) ? (["remove"] as const) : []),
      ...(rewritten.some(({ has }) => has(path)) ? (["rewrite"] as const) : []),
    ];
    return new Set([...changes, ...more]);
  };
}
