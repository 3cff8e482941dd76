import assert from "node:assert/strict";
import { test } from "node:test";
import { fileTree } from "../../src/checks/file-tree.ts";
import type { TestEntry } from "../support/layers.ts";
import { comparisonOf, imageOf, saidOf, type Changes } from "../support/side-by-side.ts";

const a: TestEntry = { path: "a", content: "one" };
const b: TestEntry = { path: "b", content: "two" };

function said(
  before: readonly TestEntry[],
  after: readonly TestEntry[],
  changes: Changes = {},
  patterns: readonly string[] = [],
): Promise<string | readonly string[]> {
  return saidOf(fileTree, comparisonOf(imageOf(before), imageOf(after), changes, patterns));
}

test("equal trees are the same, in whatever order they are stored", async () => {
  assert.equal(await said([a, b], [b, a]), "same");
});

test("what is gone, new or other is told, each with both values", async () => {
  assert.deepEqual(await said([a, b], [b]), ["a: gone"]);
  assert.deepEqual(await said([a], [a, b]), ["b: new"]);
  assert.deepEqual(await said([a], [{ ...a, mode: 0o755 }]), ["a: mode was 0644, is 0755"]);
  assert.deepEqual(await said([a], [{ ...a, mtime: 5 }]), ["a: mtime was 1700000000, is 5"]);
  assert.match(String(await said([a], [{ ...a, content: "two" }])), /^a: content was 3 7692c3\w+, is 3 3fc4cc\w+$/);
});

test("the list of changes excuses what it names, and that alone", async () => {
  assert.equal(await said([a, b], [b], { a: "remove" }), "same");
  // What was only taken out of a lower layer is still seen.
  assert.equal(await said([a, b], [a, b], { a: "remove" }), "same");
  assert.deepEqual(await said([a, b], [b], { a: "rewrite" }), ["a: gone"]);
  assert.equal(await said([a], [{ ...a, content: "two" }], { a: "rewrite" }), "same");
  assert.deepEqual(await said([a], [{ ...a, content: "two", mode: 0o600 }], { a: "rewrite" }), ["a: mode was 0644, is 0600"]);
  assert.match(String(await said([a], [{ ...a, content: "two" }], { a: "remove" })), /^a: content/);
});

test("a pattern excuses everything at a path and below it", async () => {
  const log: TestEntry = { path: "var/log/x", content: "x" };
  assert.equal(await said([a, log], [a], {}, ["/var/log/**"]), "same");
  assert.equal(await said([a], [a, log], {}, ["var"]), "same");
  assert.deepEqual(await said([a, log], [], {}, ["var/log"]), ["a: gone"]);
});

test("names of one file stay one file, unless a link was planned", async () => {
  const link: TestEntry = { path: "l", type: "hardlink", link: "a" };
  const copy: TestEntry = { path: "l", content: "one" };
  assert.deepEqual(await said([a, link], [a, copy]), ["l: was one with a, is one with l"]);
  assert.deepEqual(await said([a, copy], [a, link]), ["l: was one with l, is one with a"]);
  assert.equal(await said([a, copy], [a, link], { l: "link" }), "same");
});
