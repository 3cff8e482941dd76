import assert from "node:assert/strict";
import { test } from "node:test";
import { gpuMemory } from "../../src/checks/gpu-memory.ts";
import type { Life } from "../../src/model/observation.ts";
import { around } from "../support/measured.ts";
import { lifeOf, observedOf, verdictOf } from "../support/observed.ts";

type Seen = number | string;

const said = (before: readonly Seen[], after: readonly Seen[], service: object = { gpus: "all" }): Promise<string> => {
  const lives = (values: readonly Seen[]): readonly Life[] => values.map((seen) => lifeOf({ gpuMemory: seen }));
  return verdictOf(
    gpuMemory,
    observedOf({ before: [], after: [] }, { service, rounds: { before: lives(before), after: lives(after) } }),
  );
};

test("more memory of GPUs is different, what frameworks take by chance is not", async () => {
  assert.match(await said(around(4e9), around(4e9)), /^same: p95 4\.18 GB, now 4\.18 GB/);
  assert.match(await said(around(4e9), around(6e9)), /^different: the median has grown by 50 %/);
  assert.match(await said(around(30e6), around(45e6)), /^same/);
  const budget = { gpus: "all", budgets: { gpuMemory: "3GB" } };
  assert.match(await said(around(4e9), around(4e9), budget), /^different: p95 is 4\.18 GB, over the budget of 3\.00 GB/);
});

test("without a GPU, or where nobody can see, it is not passed", async () => {
  assert.match(await said(around(4e9), around(4e9), {}), /^not-run: its containers get no GPU/);
  assert.equal(await said([0, 0], [0, 0]), "not-run: neither was seen to use a GPU");
  assert.equal(await said([1e9, "there is no nvidia-smi"], [1e9]), "not-run: there is no nvidia-smi");
  assert.equal(await said([], []), "not-run: nothing was measured of both");
});
