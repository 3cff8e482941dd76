import { createHash } from "node:crypto";
import type { Facts } from "../contracts/fact.ts";
import type { EntryEdit } from "../contracts/transform.ts";
import type { NewContentSums } from "../image/rewrite/new-content-sums.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { textOf } from "../lib/byte-string.ts";
import type { Violation } from "../model/violation.ts";
import { expectedOf, type Expectation } from "./expected-entry.ts";
import { groupsDiffer } from "../facts/link-groups.ts";
import { attributeDifferences, attributesOf, type Attributes } from "../facts/visible-attributes.ts";

/** One side of the comparison. */
interface Side {
  readonly tree: FileTree;
  readonly attributes: (entry: number) => Attributes;
}

/**
 * What a container sees of the image after, against what it saw before and the edits: types, modes, owners, mtimes, attributes, links,
 * devices, content and which names are one file. `sums` are of the contents that edits cut. Every path that differs and was not to, or the other way round.
 */
export function compareTrees(
  before: Facts,
  after: Facts,
  edits: ReadonlyMap<number, EntryEdit>,
  sums: NewContentSums = new Map(),
): readonly Violation[] {
  const old: Side = { tree: before.get(fileTree), attributes: attributesOf(before) };
  const now: Side = { tree: after.get(fileTree), attributes: attributesOf(after) };
  const expected = expectedOf(before, edits, sums);
  const violations: Violation[] = [];
  for (const entry of old.tree.all()) {
    violations.push(...comparePath(old, now, entry, now.tree.find(old.tree.path(entry)), expected(entry)));
  }
  for (const entry of now.tree.all()) {
    if (old.tree.find(now.tree.path(entry)) < 0)
      violations.push(violation(now.tree, entry, "path", "nothing", now.tree.type(entry)));
  }
  return [...violations, ...groupsDiffer(old.tree, now.tree, edits)];
}

function comparePath(old: Side, now: Side, entry: number, found: number, expected: Expectation): readonly Violation[] {
  const wrong = (invariant: string, wanted: string, actual: string): Violation =>
    violation(old.tree, entry, invariant, wanted, actual);
  if (found < 0) {
    if (!expected.kind.startsWith("absent")) return [wrong("path", old.tree.type(entry), "nothing")];
    return isFolderOfSome(now.tree, old.tree, entry)
      ? [wrong("path", "nothing", "a folder that nothing stores, of files that stay")]
      : [];
  }
  if (expected.kind === "absent") return [wrong("path", "nothing", now.tree.type(found))];
  return differences(old.attributes(entry), now.attributes(found), expected).map(([name, wanted, actual]) =>
    wrong(name, wanted, actual),
  );
}

function differences(
  wanted: Attributes,
  actual: Attributes,
  expected: Expectation,
): readonly (readonly [name: string, wanted: string, actual: string])[] {
  return attributeDifferences(wanted, actual, contentOf(expected) ?? wanted.content);
}

/** Size and sha256 of the content that an edit gives; undefined where it stays. */
function contentOf(expected: Expectation): string | undefined {
  if (expected.kind === "digest") return `${expected.size} ${expected.sha256}`;
  if (expected.kind !== "content") return undefined;
  return `${expected.content.length} ${createHash("sha256").update(expected.content).digest("hex")}`;
}

/** Whether a folder has no entry any more, and something below it does. */
function isFolderOfSome(now: FileTree, old: FileTree, entry: number): boolean {
  if (old.type(entry) !== "directory") return false;
  const node = now.paths.find(old.path(entry));
  return node >= 0 && now.within(node).next().done !== true;
}

function violation(tree: FileTree, entry: number, invariant: string, expected: string, actual: string): Violation {
  const path = textOf(tree.path(entry));
  return {
    invariant,
    message: `${path === "" ? "/" : path}: its ${invariant} is not what it must be`,
    location: { layer: tree.layerOf(entry), path },
    expected,
    actual,
  };
}
