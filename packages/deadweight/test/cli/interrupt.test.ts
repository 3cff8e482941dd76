import assert from "node:assert/strict";
import { test } from "node:test";
import { createInterrupt } from "../../src/cli/interrupt.ts";

test("the first asks, its echo is ignored, the next one ends", () => {
  let now = 5000;
  const answer = createInterrupt(() => now);
  assert.equal(answer(), "abort");
  now += 20;
  assert.equal(answer(), "ignore");
  now += 1000;
  assert.equal(answer(), "exit");
});
