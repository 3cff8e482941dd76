import assert from "node:assert/strict";
import { test } from "node:test";
import { startUp } from "../../src/checks/start-up.ts";
import { around, livesWith } from "../support/measured.ts";
import { observedOf, resultsOf, verdictOf } from "../support/observed.ts";

const none = { before: [], after: [] };
const said = (before: readonly number[], after: readonly number[], service: object = {}): Promise<string> => {
  const lives = (values: readonly number[]): ReturnType<typeof livesWith> => livesWith(values, (readyMs) => ({ readyMs }));
  return verdictOf(startUp, observedOf(none, { service, rounds: { before: lives(before), after: lives(after) } }));
};

test("slower beyond tolerance and noise is different, and nothing else is", async () => {
  assert.match(await said(around(1000), around(1000)), /^same: p95 1.05 s, now 1.05 s; 10 and 10 values$/);
  assert.match(await said(around(1000), around(1300)), /^different: the median has grown by 30 %\nbefore: median 1\.00 s, .*/);
  assert.match(await said(around(1000), around(1100)), /^same/, "10 % is below the tolerance");
  assert.match(await said(around(1000), around(1100), { measure: { tolerance: 0.05 } }), /^different/);
  assert.match(await said(around(1000), around(700)), /^same/);
  assert.match(await said(around(20), around(35)), /^same/, "15 ms are nothing");
  const noisy = [400, 2600, 700, 1900, 1000];
  const noise = await said(
    noisy,
    noisy.map((value) => value * 1.2),
  );
  assert.match(noise, /^not-run: the median has grown by 20 %, which may be noise/);
});

test("a budget holds whatever the original takes", async () => {
  const budgets = { startUp: "900ms" };
  assert.match(await said(around(1000), around(1000), { budgets }), /^different: p95 is 1\.05 s, over the budget of 900 ms/);
  assert.match(await said(around(1000), around(800), { budgets }), /^same/);
});

test("what was not measured is not run, with the reason; what was has both medians", async () => {
  assert.equal(await verdictOf(startUp, observedOf(none, { unmeasured: "no probe given" })), "not-run: no probe given");
  assert.equal(await verdictOf(startUp, observedOf(none)), "not-run: nothing was measured of both");
  const rounds = {
    before: livesWith([10, 20, 30], (readyMs) => ({ readyMs })),
    after: livesWith([1, 2], (readyMs) => ({ readyMs })),
  };
  const [result] = await resultsOf(startUp, observedOf(none, { rounds }));
  assert.deepEqual([result?.before, result?.after, result?.unit], [20, 1.5, "ms"]);
});
