import assert from "node:assert/strict";
import { test } from "node:test";
import { qualifiedNames } from "../../../src/catalogers/system/qualified-names.ts";

function names(...packages: readonly string[]): readonly string[] {
  const split = packages.map((one) => one.split("/")).map(([name = "", architecture = ""]) => ({ name, architecture }));
  return qualifiedNames(split, ":");
}

test("qualified-names: one architecture needs no names of it", () => {
  assert.deepEqual(names("a/amd64", "b/all", "kernel/amd64", "kernel/amd64"), ["a", "b", "kernel", "kernel"]);
  assert.deepEqual(names(), []);
});

test("qualified-names: only packages that are there for several say theirs, but for the usual one", () => {
  assert.deepEqual(names("a/amd64", "b/amd64", "a/i386", "c/i386", "d/all"), ["a", "b", "a:i386", "c", "d"]);
  assert.deepEqual(names("a/amd64", "a/i386", "a/all", "b/amd64"), ["a", "a:i386", "a", "b"]);
});
