import assert from "node:assert/strict";
import { test } from "node:test";
import { memory } from "../../src/checks/memory.ts";
import { around, livesWith } from "../support/measured.ts";
import { observedOf, verdictOf } from "../support/observed.ts";

const said = (before: readonly number[], after: readonly number[], service: object = {}): Promise<string> => {
  const lives = (values: readonly number[]): ReturnType<typeof livesWith> =>
    livesWith(values, (memoryBytes) => ({ memoryBytes }));
  const rounds = { before: lives(before), after: lives(after) };
  return verdictOf(memory, observedOf({ before: [], after: [] }, { service, rounds }));
};

test("more memory is different, a few megabytes are not", async () => {
  assert.match(await said(around(100e6), around(100e6)), /^same: p95 105 MB, now 105 MB/);
  assert.match(await said(around(100e6), around(150e6)), /^different: the median has grown by 50 %/);
  assert.match(await said(around(10e6), around(13e6)), /^same/);
  assert.match(await said(around(100e6), around(100e6), { budgets: { memory: "90MB" } }), /^different: p95 is 105 MB, over/);
});
