import type { Comparison, ExpectedChange } from "../contracts/check.ts";
import type { Facts } from "../contracts/fact.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { textOf, type ByteString } from "../lib/byte-string.ts";
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
  readonly rewritten?: readonly string[];
  readonly replaced?: ReadonlySet<string>;
}

/**
 * What may become of each path: what the list of changes says, and anything where a pattern matches the path or a folder above it, in either
 * image. Patterns are those of `FileTree.glob`. Of an image that was built anew, times may differ, and what no two builds write alike.
 */
export function expectedChanges(
  images: readonly [before: Facts, after: Facts],
  planned: PlannedChanges | undefined,
  { expect, isRebuilt = false, removed = [], rewritten: named = [], replaced = new Set() }: Expected,
): Comparison["expected"] {
  const patterns = isRebuilt ? [...expect, ...writtenByBuilds] : expect;
  const free = images.map((facts) => keptPaths(facts.get(fileTree), patterns));
  const rewritten = images.map((facts) => keptPaths(facts.get(fileTree), isRebuilt ? [...named, ...rewrittenByBuilds] : named));
  const tree = images[0].get(fileTree);
  const gone = new Set(removed);
  const folders = goneFolders(tree, gone, (path) => free.some(({ has }) => has(path)));
  const contents = pathsWith(tree, replaced);
  return (path) => {
    if (free.some(({ has }) => has(path))) return anything;
    const text = textOf(path);
    const more: ExpectedChange[] = isRebuilt ? ["times"] : [];
    if (gone.has(text) || folders.has(text)) more.push("remove");
    if (contents.has(path) || rewritten.some(({ has }) => has(path))) more.push("rewrite");
    const changes = planned?.actions.get(text) ?? nothing;
    return more.length === 0 ? changes : new Set([...changes, ...more]);
  };
}

/** Paths of files that have one of these contents. */
function pathsWith(tree: FileTree, contents: ReadonlySet<string>): ReadonlySet<ByteString> {
  if (contents.size === 0) return new Set();
  const hashes = new Set([...contents].map((digits) => Buffer.from(digits, "hex").toString("latin1")));
  return new Set(
    [...tree.all()].filter((entry) => hashes.has(tree.hash(tree.contentOf(entry)))).map((entry) => tree.path(entry)),
  );
}
