import assert from "node:assert/strict";
import { test } from "node:test";
import type { Facts } from "../../src/contracts/fact.ts";
import { duplicateFiles } from "../../src/rules/duplicate-files.ts";
import { lateCleanup } from "../../src/rules/late-cleanup.ts";
import { metadataRewrites } from "../../src/rules/metadata-rewrites.ts";
import { shadowedFiles } from "../../src/rules/shadowed-files.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, contentClaimedBy } from "../support/rule-claims.ts";

// Six images whose waste dive (its commit d6c6919) misses or counts twice: a base of three files of 1 MB, then the layers of the case.
const megabyte = 1_000_000;
const content = (byte: number): Uint8Array => new Uint8Array(megabyte).fill(byte);
const base: readonly TestEntry[] = [
  { path: "opt/" },
  { path: "opt/cache/" },
  { path: "opt/cache/a", content: content(1) },
  { path: "opt/cache/b", content: content(2) },
  { path: "opt/keep", content: content(3) },
];

function image(...layers: readonly (readonly TestEntry[])[]): Facts {
  return factsOf([base, ...layers]);
}

test("a removed folder: 2 MB, where dive says none", () => {
  const facts = image([{ path: "opt/" }, { path: "opt/.wh.cache" }]);
  assert.deepEqual(claimedBy(shadowedFiles, facts), ["0:opt/cache", "0:opt/cache/a", "0:opt/cache/b", "1:opt/cache"]);
  assert.equal(contentClaimedBy(shadowedFiles, facts), 2 * megabyte);
});

test("an opaque folder: 2 MB, where dive says none", () => {
  const facts = image([{ path: "opt/" }, { path: "opt/cache/" }, { path: "opt/cache/.wh..wh..opq" }]);
  assert.deepEqual(claimedBy(shadowedFiles, facts), ["0:opt/cache/a", "0:opt/cache/b", "1:opt/cache"]);
  assert.equal(contentClaimedBy(shadowedFiles, facts), 2 * megabyte);
});

test("two files removed one by one: 2 MB", () => {
  const facts = image([{ path: "opt/cache/.wh.a" }, { path: "opt/cache/.wh.b" }]);
  assert.deepEqual(claimedBy(shadowedFiles, facts), ["0:opt/cache/a", "0:opt/cache/b", "1:opt/cache/a", "1:opt/cache/b"]);
  assert.equal(contentClaimedBy(shadowedFiles, facts), 2 * megabyte);
});

test("a file overwritten: 1 MB, the old copy, where dive counts both", () => {
  const facts = image([{ path: "opt/cache/a", content: content(4) }]);
  assert.deepEqual(claimedBy(shadowedFiles, facts), ["0:opt/cache/a"]);
  assert.equal(contentClaimedBy(shadowedFiles, facts), megabyte);
});

test("a file overwritten, then removed: 2 MB, both copies", () => {
  const facts = image([{ path: "opt/cache/a", content: content(4) }], [{ path: "opt/cache/.wh.a" }]);
  assert.deepEqual(claimedBy(shadowedFiles, facts), ["0:opt/cache/a", "1:opt/cache/a", "2:opt/cache/a"]);
  assert.equal(contentClaimedBy(shadowedFiles, facts), 2 * megabyte);
});

test("the same content under another path: 1 MB, where dive says none", () => {
  const facts = image([{ path: "srv/" }, { path: "srv/copy", content: content(1) }]);
  assert.deepEqual(claimedBy(duplicateFiles, facts), ["1:srv/copy"]);
  assert.equal(contentClaimedBy(duplicateFiles, facts), megabyte);
  assert.deepEqual(claimedBy(shadowedFiles, facts), []);
});

test("only the rule that a case belongs to counts it; late-cleanup repeats what shadowed-files has", () => {
  const removed = image([{ path: "opt/.wh.cache" }]);
  const overwritten = image([{ path: "opt/cache/a", content: content(4) }]);
  for (const facts of [removed, overwritten]) {
    assert.deepEqual(claimedBy(duplicateFiles, facts), []);
    assert.deepEqual(claimedBy(metadataRewrites, facts), []);
  }
  assert.equal(contentClaimedBy(lateCleanup, removed), 2 * megabyte);
  assert.equal(contentClaimedBy(lateCleanup, overwritten), 0);
});

test("an image without waste has none", () => {
  const facts = image([{ path: "srv/" }, { path: "srv/program", content: content(5) }]);
  for (const rule of [shadowedFiles, metadataRewrites, duplicateFiles, lateCleanup]) assert.deepEqual(claimedBy(rule, facts), []);
});
