import assert from "node:assert/strict";
import { test } from "node:test";
import { packageChangeClaims } from "../../src/claims/package-change-claims.ts";
import type { PackageChange } from "../../src/contracts/edit.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { debianEntries } from "../support/installed.ts";
import { factsOf } from "../support/layers.ts";

// `compiler` and the recommended `documents` both need `shared`; `program` needs `library`.
const facts = factsOf([
  [{ path: "base", content: "x" }],
  debianEntries([
    { name: "program", depends: "library", files: ["usr/program"] },
    { name: "library", automatic: true, files: ["usr/library"] },
    { name: "compiler", depends: "shared, headers", files: ["usr/compiler"] },
    { name: "headers", automatic: true, files: ["usr/headers"] },
    { name: "documents", depends: "shared", automatic: true, files: ["usr/documents"] },
    { name: "shared", automatic: true, files: ["usr/shared"] },
  ]),
]);
const none: ReadonlySet<string> = new Set();
const withoutRecommended: PackageChange = { layers: [1], unnamed: none, named: none, withoutRecommended: true };
const withoutCompiler: PackageChange = { ...withoutRecommended, unnamed: new Set(["compiler"]), withoutRecommended: false };

function paths(...changes: readonly PackageChange[]): readonly string[] {
  const all = packageChangeClaims(facts, changes).map(({ entry }) => facts.get(fileTree).path(entry));
  return [...new Set(all)].filter((path) => path.startsWith("usr/")).toSorted();
}

test("what a compiler and a recommended package need goes with both alone", () => {
  assert.deepEqual(paths(withoutRecommended, withoutCompiler), ["usr/compiler", "usr/documents", "usr/headers", "usr/shared"]);
  assert.deepEqual(paths(withoutCompiler, { ...withoutCompiler, unnamed: new Set(["program"]) }), [
    "usr/compiler",
    "usr/headers",
    "usr/library",
    "usr/program",
  ]);
});

test("what one of them names stays with what it needs; one change alone, and changes of other layers, claim nothing more", () => {
  const named = { ...withoutCompiler, named: new Set(["shared"]) };
  assert.deepEqual(paths(withoutRecommended, named), ["usr/compiler", "usr/documents", "usr/headers"]);
  assert.deepEqual(paths(withoutRecommended), []);
  assert.deepEqual(paths(withoutRecommended, { ...withoutCompiler, layers: [2] }), []);
});
