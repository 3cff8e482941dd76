import assert from "node:assert/strict";
import { test } from "node:test";
import { latency } from "../../src/checks/latency.ts";
import type { Life } from "../../src/model/observation.ts";
import { around, livesWith } from "../support/measured.ts";
import { observedOf, resultsOf, verdictOf } from "../support/observed.ts";

const none = { before: [], after: [] };
const service = {
  probes: [
    { name: "home", http: { path: "/" } },
    { name: "say", command: ["true"] },
  ],
};
const lives = (values: readonly number[]): readonly Life[] =>
  livesWith(values, (value) => ({ latencies: { home: [value * 0.9, value, value * 1.1] } }));

test("the median of each life is judged, one result for each HTTP probe", async () => {
  const said = (before: readonly number[], after: readonly number[]): Promise<string> =>
    verdictOf(latency, observedOf(none, { service, rounds: { before: lives(before), after: lives(after) } }));
  assert.match(await said(around(50), around(50)), /^same: p95 .*; 30 and 30 values$/);
  assert.match(await said(around(50), around(80)), /^different: the median has grown by 60 %/);
  assert.match(await said(around(1), around(2.5)), /^same/, "a millisecond more is nothing");
  const [result] = await resultsOf(latency, observedOf(none, { service, rounds: { before: lives([5]), after: lives([5]) } }));
  assert.equal(result?.subject, "home");
});

test("many requests to one slow process are one sign, not many", async () => {
  const one = (values: readonly number[]): readonly Life[] => [{ ...(lives([1])[0] as Life), latencies: { home: values } }];
  const rounds = { before: one(around(50)), after: one(around(100)) };
  assert.match(await verdictOf(latency, observedOf(none, { service, rounds })), /^not-run: .*may be noise/);
});

test("without a probe there is nothing to measure", async () => {
  assert.equal(await verdictOf(latency, observedOf(none)), "not-run: no probe given");
  assert.equal(await verdictOf(latency, observedOf(none, { service, unmeasured: "it has ended" })), "not-run: it has ended");
});
