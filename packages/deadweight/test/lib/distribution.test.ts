import assert from "node:assert/strict";
import { test } from "node:test";
import { chanceOfGrowth, distributionOf, growthOf } from "../../src/lib/distribution.ts";

test("median, percentile and spread lie between values", () => {
  assert.deepEqual(distributionOf([4, 1, 3, 2]), { count: 4, median: 2.5, p95: 3.8499999999999996, spread: 0.75 });
  assert.deepEqual(distributionOf([7]), { count: 1, median: 7, p95: 7, spread: 0 });
  assert.ok(Number.isNaN(distributionOf([]).median));
});

test("the chance is that of a rank sum, by hand", () => {
  // One of the 20 ways to choose 3 of 6, one of 252 for 5 of 10.
  assert.equal(chanceOfGrowth([1, 2, 3], [4, 5, 6]), 1 / 20);
  assert.equal(chanceOfGrowth([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]), 1 / 252);
  assert.equal(chanceOfGrowth([4, 5, 6], [1, 2, 3]), 1);
  // 10 ways to choose 2 of 5: sums of ranks 2+5, 3+4, 3+5, 4+5 are not less than 7.
  assert.equal(chanceOfGrowth([10, 30, 40], [20, 50]), 4 / 10);
  assert.equal(chanceOfGrowth([1, 1], [1, 1]), 1);
});

test("five rounds are never enough, ten that do not overlap are", () => {
  const [low, high] = [
    [1, 2, 3, 4, 5],
    [11, 12, 13, 14, 15],
  ] as const;
  assert.equal(growthOf(low, high, 1), "unclear");
  assert.equal(growthOf([...low, ...low], [...high, ...high], 1), "grown");
  assert.equal(growthOf([...low, ...low], [...high, ...high], 10), "not-grown");
  assert.equal(growthOf(high, low, 1), "not-grown");
  assert.equal(growthOf([], [], 1), "not-grown");
});

test("values that are drawn alike are called grown once in a thousand times at most", () => {
  let seed = 1;
  const draw = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  let grown = 0;
  for (let round = 0; round < 5000; round++) {
    const [before, after] = [0, 1].map(() => Array.from({ length: 10 }, draw));
    if (growthOf(before ?? [], after ?? [], 0) === "grown") grown++;
  }
  assert.ok(grown > 0 && grown <= 15, `${grown} of 5000`);
});
