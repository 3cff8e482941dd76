import assert from "node:assert/strict";
import { test } from "node:test";
import { isBelow, printPath, valuesAt } from "../../src/model/json-paths.ts";

test("values are found by fields, places and stars, own fields alone", () => {
  const root = { items: [{ id: 1 }, { id: 2 }], a: { b: null } };
  assert.deepEqual(valuesAt(root, "$.items[*].id"), [1, 2]);
  assert.deepEqual(valuesAt(root, "$.items[1].id"), [2]);
  assert.deepEqual(valuesAt(root, "$.a.b"), [null]);
  assert.deepEqual([valuesAt(root, "$.a.c"), valuesAt(root, "$.__proto__"), valuesAt(1, "$.x")], [[], [], []]);
  assert.deepEqual(valuesAt(root, "$"), [root]);
});

test("a pattern means a path and all below it", () => {
  assert.equal(isBelow(["items", "3", "id"], "$.items[*].id"), true);
  assert.equal(isBelow(["items", "3", "id", "x"], "$.items[*].id"), true);
  assert.equal(isBelow(["items", "3"], "$.items[*].id"), false);
  assert.equal(isBelow(["items"], "$"), true);
  assert.equal(printPath(["items", "3", "id"]), "$.items[3].id");
});
