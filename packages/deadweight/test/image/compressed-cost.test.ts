import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { CompressedCost } from "../../src/image/compressed-cost.ts";

const borders = (...places: readonly number[]): Float64Array => Float64Array.from(places);

test("at a mark the cost is exact, between two marks in proportion", () => {
  const cost = new CompressedCost();
  cost.add({ output: 1000, input: 10 });
  cost.add({ output: 1000, input: 500 });
  cost.add({ output: 2000, input: 0 });
  assert.deepEqual([...cost.at(borders(0, 500, 1000, 1500, 2000, 3000, 4000), 4000, 600)], [0, 5, 10, 260, 510, 510, 600]);
});

test("what the blob has before its first output and after its last belongs to the first and the last span", () => {
  const cost = new CompressedCost();
  cost.add({ output: 100, input: 70 });
  assert.deepEqual([...cost.at(borders(0, 100), 100, 90)], [0, 90]);
  assert.deepEqual([...cost.at(borders(0, 50), 100, 90)], [0, 35]);
});

test("an empty layer costs its whole blob, in its one span", () => {
  assert.deepEqual([...new CompressedCost().at(borders(0), 0, 20)], [0]);
});

test("costs never fall and end at the blob's size, however many marks", () => {
  const marks = fc.array(fc.record({ output: fc.integer({ min: 1, max: 70_000 }), input: fc.nat(80_000) }), {
    minLength: 1,
    maxLength: 3000,
    size: "max",
  });
  fc.assert(
    fc.property(marks, fc.nat(20), fc.array(fc.nat(1_000_000), { maxLength: 50 }), (marks, trailer, places) => {
      const cost = new CompressedCost();
      for (const mark of marks) cost.add(mark);
      const output = marks.reduce((sum, mark) => sum + mark.output, 0);
      const input = marks.reduce((sum, mark) => sum + mark.input, trailer);
      const sorted = [0, ...places.map((place) => place % output), output].toSorted((one, other) => one - other);
      const costs = [...cost.at(borders(...sorted), output, input)];
      assert.equal(costs[0], 0);
      assert.equal(costs.at(-1), input);
      assert.ok(costs.every((value, index) => Number.isInteger(value) && value >= (costs[index - 1] ?? 0)));
    }),
    { numRuns: 60, seed: 1 },
  );
});
