import assert from "node:assert/strict";
import { test } from "node:test";
import { textValues } from "../../src/lib/text-values.ts";

test("texts stay, other values become their JSON", () => {
  const value = { text: "a", number: 5, nothing: null, list: [1, "b"], object: { toString: 1 } };
  assert.deepEqual(textValues(value), { text: "a", number: "5", nothing: "null", list: '[1,"b"]', object: '{"toString":1}' });
});

test("what is no object has no fields", () => {
  for (const value of [undefined, null, 5, "text", ["a"]]) assert.deepEqual(textValues(value), {});
});

test("a field called __proto__ is a field", () => {
  const values = textValues(JSON.parse('{"__proto__": {"polluted": 1}}'));
  assert.deepEqual(Object.entries(values), [["__proto__", '{"polluted":1}']]);
  assert.equal(Object.getPrototypeOf(values), Object.prototype);
});
