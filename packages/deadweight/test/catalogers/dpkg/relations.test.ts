import assert from "node:assert/strict";
import { test } from "node:test";
import { createResolver, parseRelations } from "../../../src/catalogers/dpkg/relations.ts";

test("relations: names without versions, architectures, profiles and qualifiers", () => {
  const field = "libc6 (>= 2.36), a | b:any (<< 2) , c [amd64 !i386] <!nocheck>, python3:native, , |d";
  assert.deepEqual([...parseRelations(field)], [["libc6"], ["a", "b"], ["c"], ["python3"], ["d"]]);
});

test("relations: a real package comes before one that provides its name", () => {
  const package_ = (name: string, provides?: string) => ({ name, label: name, architecture: "amd64", provides });
  const resolve = createResolver([package_("mawk", "awk, gawk"), package_("gawk", "awk"), package_("original-awk", "awk (= 1)")]);
  assert.deepEqual(resolve("gawk", "amd64"), ["gawk"]);
  assert.deepEqual(resolve("awk", "amd64"), ["mawk"]);
  assert.deepEqual(resolve("none | awk, gawk | mawk, none | nothing", "amd64"), ["mawk", "gawk", "none"]);
});
