import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesInWords } from "../../src/claims/entries-in-words.ts";
import { createFileTree } from "../../src/facts/file-tree.ts";
import { largestPaths } from "../../src/claims/largest-paths.ts";
import { indexOf, tarOf } from "../support/layers.ts";

const sizes = [10, 5000, 600, 90_000, 1200];
const tree = createFileTree([
  indexOf(tarOf([...sizes.map((size, index) => ({ path: `f${index}`, content: "x".repeat(size) })), { path: "d\xff/" }])),
]);

test("the largest come first, the rest is counted", () => {
  assert.equal(largestPaths(tree, [0, 1, 2, 3, 4]), "/f3, /f1, /f4 and 2 more");
  assert.equal(largestPaths(tree, [2, 3], 1), "/f3 and 1 more");
  assert.equal(largestPaths(tree, [5]), "/d\\xff");
  assert.equal(largestPaths(tree, []), "");
});

test("files and folders are counted apart", () => {
  assert.equal(entriesInWords(tree, [0, 1]), "2 files");
  assert.equal(entriesInWords(tree, [0, 5]), "1 file and 1 folder");
  assert.equal(entriesInWords(tree, [5]), "1 folder");
});
