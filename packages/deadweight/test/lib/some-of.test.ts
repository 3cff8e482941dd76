import assert from "node:assert/strict";
import { test } from "node:test";
import { someOf } from "../../src/lib/some-of.ts";

test("a list is cut where it grows too long for a line", () => {
  assert.equal(someOf([]), "");
  assert.equal(someOf(["a"]), "a");
  assert.equal(someOf(["a", "b"]), "a and b");
  assert.equal(someOf(["a", "b", "c"]), "a, b and c");
  assert.equal(someOf(["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
  assert.equal(someOf(["a", "b", "c"], 1), "a and 2 more");
  assert.equal(someOf(["a"], 3, 1205), "a and 1,204 more");
});
