import assert from "node:assert/strict";
import { test } from "node:test";
import { CatalogDraft } from "../../../src/catalogers/system/catalog-draft.ts";
import type { WantedFile } from "../../../src/contracts/cataloger.ts";
import { UserError } from "../../../src/lib/user-error.ts";

function fileOf(content: string, size: number = content.length): WantedFile {
  return { path: "db", layer: 3, size, isNew: true, bytes: () => Buffer.from(content), localCopy: () => "" };
}

test("catalog-draft: what a reader makes of a file, or a problem", () => {
  const draft = new CatalogDraft();
  assert.equal(draft.read(fileOf("12"), 10, String), "12");
  assert.equal(draft.read(fileOf("12345"), 4, String), undefined);
  assert.equal(draft.read(fileOf("12345", 9), 10, String), undefined);
  const refuse = (): never => {
    throw new UserError("unreadable", "no good");
  };
  assert.equal(draft.read({ ...fileOf(""), bytes: refuse }, 10, String), undefined);
  assert.equal(draft.read(fileOf(""), 10, refuse), undefined);
  assert.deepEqual(draft.finish().problems, [
    { path: "db", layer: 3, message: "cannot read db: 5 bytes, more than 4" },
    { path: "db", layer: 3, message: "cannot read db: 9 bytes, more than 5" },
    { path: "db", layer: 3, message: "no good" },
    { path: "db", layer: 3, message: "no good" },
  ]);
});

test("catalog-draft: a bug is no problem of the input", () => {
  const bug = (): never => {
    throw new TypeError("a bug");
  };
  assert.throws(() => new CatalogDraft().read(fileOf(""), 10, bug), TypeError);
});

test("catalog-draft: after fifty problems the rest is counted, and none is longer than a paragraph", () => {
  const draft = new CatalogDraft();
  for (let number = 1; number <= 60; number++) draft.report(fileOf(""), `${number} ${"x".repeat(10_000)}`);
  const problems = draft.finish().problems ?? [];
  assert.equal(problems.length, 51);
  assert.equal(problems[49]?.message.length, 500);
  assert.equal(problems[50]?.message, "10 more problems of this kind of database");
});

test("catalog-draft: paths that no system has are left out and told", () => {
  const draft = new CatalogDraft();
  const paths = ["usr/bin/x", "y".repeat(4096), "z".repeat(4097), "etc"];
  assert.deepEqual(draft.within(fileOf(""), paths), ["usr/bin/x", "y".repeat(4096), "etc"]);
  assert.deepEqual(
    draft.finish().problems?.map(({ message }) => message),
    ["cannot tell 1 files: their paths are longer than 4096 bytes"],
  );
});
