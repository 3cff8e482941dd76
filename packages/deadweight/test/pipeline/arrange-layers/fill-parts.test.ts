import assert from "node:assert/strict";
import { test } from "node:test";
import { fillParts, fillUpTo } from "../../../src/pipeline/arrange-layers/fill-parts.ts";

const units = (...sizes: readonly (readonly number[])[]): readonly { readonly sizes: readonly number[] }[] =>
  sizes.map((own) => ({ sizes: own }));

test("a unit that fits is kept together, in a part of its own where the one before is too full", () => {
  assert.deepEqual(fillUpTo(units([4, 3], [2, 2]), 8), {
    partOf: [
      [0, 0],
      [1, 1],
    ],
    parts: 2,
    largest: 7,
  });
  assert.deepEqual(fillUpTo(units([4, 3], [1]), 8), { partOf: [[0, 0], [0]], parts: 1, largest: 8 });
});

test("a unit that is larger than a part is divided", () => {
  assert.deepEqual(fillUpTo(units([1], [4, 4, 4]), 5), { partOf: [[0], [0, 1, 2]], parts: 3, largest: 5 });
  assert.deepEqual(fillUpTo(units([20], [1]), 5), { partOf: [[0], [1]], parts: 2, largest: 20 });
});

test("so many parts are filled that the largest is as small as can be", () => {
  assert.deepEqual(fillParts(units([1], [2], [3], [4], [5]), 2), { partOf: [[0], [0], [0], [1], [1]], parts: 2, largest: 9 });
  assert.equal(fillParts(units([5], [5], [5], [5]), 4).largest, 5);
  assert.deepEqual(fillParts(units([1, 1, 1, 1]), 2), { partOf: [[0, 0, 1, 1]], parts: 2, largest: 2 });
  assert.deepEqual(fillParts([], 3), { partOf: [], parts: 1, largest: 0 });
});
