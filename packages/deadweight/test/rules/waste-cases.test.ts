import assert from "node:assert/strict";
import { test } from "node:test";
import type { Facts } from "../../src/contracts/fact.ts";
import { duplicateFiles } from "../../src/rules/duplicate-files.ts";
import { lateCleanup } from "../../src/rules/late-cleanup.ts";
import { metadataRewrites } from "../../src/rules/metadata-rewrites.ts";
import { shadowedFiles } from "../../src/rules/shadowed-files.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy, contentClaimedBy } from "../support/rule-claims.ts";
import { megabyte, type WasteCase, wasteCases } from "../support/waste-cases.ts";

function image(name: WasteCase): Facts {
  return factsOf(wasteCases[name]);
}

test("a removed folder: 2 MB, where dive says none", () => {
  const facts = image("a removed folder");
  assert.deepEqual(claimedBy(shadowedFiles, facts), ["0:opt/cache", "0:opt/cache/a", "0:opt/cache/b", "1:opt/cache"]);
  assert.equal(contentClaimedBy(shadowedFiles, facts), 2 * megabyte);
});

test("an opaque folder: 2 MB, where dive says none", () => {
  const facts = image("an opaque folder");
  assert.deepEqual(claimedBy(shadowedFiles, facts), ["0:opt/cache/a", "0:opt/cache/b", "1:opt/cache"]);
  assert.equal(contentClaimedBy(shadowedFiles, facts), 2 * megabyte);
});

test("two files removed one by one: 2 MB", () => {
  const facts = image("files removed one by one");
  assert.deepEqual(claimedBy(shadowedFiles, facts), ["0:opt/cache/a", "0:opt/cache/b", "1:opt/cache/a", "1:opt/cache/b"]);
  assert.equal(contentClaimedBy(shadowedFiles, facts), 2 * megabyte);
});

test("a file overwritten: 1 MB, the old copy, where dive counts both", () => {
  const facts = image("a file overwritten");
  assert.deepEqual(claimedBy(shadowedFiles, facts), ["0:opt/cache/a"]);
  assert.equal(contentClaimedBy(shadowedFiles, facts), megabyte);
});

test("a file overwritten, then removed: 2 MB, both copies", () => {
  const facts = image("a file overwritten, then removed");
  assert.deepEqual(claimedBy(shadowedFiles, facts), ["0:opt/cache/a", "1:opt/cache/a", "2:opt/cache/a"]);
  assert.equal(contentClaimedBy(shadowedFiles, facts), 2 * megabyte);
});

test("the same content under another path: 1 MB, where dive says none", () => {
  const facts = image("the same content elsewhere");
  assert.deepEqual(claimedBy(duplicateFiles, facts), ["1:srv/copy"]);
  assert.equal(contentClaimedBy(duplicateFiles, facts), megabyte);
  assert.deepEqual(claimedBy(shadowedFiles, facts), []);
});

test("only the rule that a case belongs to counts it; late-cleanup repeats what shadowed-files has", () => {
  const removed = image("a removed folder");
  const overwritten = image("a file overwritten");
  for (const facts of [removed, overwritten]) {
    assert.deepEqual(claimedBy(duplicateFiles, facts), []);
    assert.deepEqual(claimedBy(metadataRewrites, facts), []);
  }
  assert.equal(contentClaimedBy(lateCleanup, removed), 2 * megabyte);
  assert.equal(contentClaimedBy(lateCleanup, overwritten), 0);
});

test("an image without waste has none", () => {
  const facts = image("no waste");
  for (const rule of [shadowedFiles, metadataRewrites, duplicateFiles, lateCleanup]) assert.deepEqual(claimedBy(rule, facts), []);
});
