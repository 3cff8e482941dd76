import assert from "node:assert/strict";
import { test } from "node:test";
import { pull } from "../../src/checks/pull.ts";
import type { Pulls } from "../../src/model/pulls.ts";
import { around } from "../support/measured.ts";
import { serviceOf } from "../support/observed.ts";
import { comparisonOf, imageOf, resultOf } from "../support/side-by-side.ts";

const empty = imageOf([]);
const { measure } = serviceOf();

/** 100 Mbit a second: a megabyte takes 80 ms. */
async function resultsOf(pulled: Partial<Pulls> | string): Promise<Awaited<ReturnType<typeof resultOf>>> {
  const image = { bytes: 100e6, unpackMs: around(2000) };
  const whole = typeof pulled === "string" ? pulled : { bitsPerSecond: 100e6, measure, before: image, after: image, ...pulled };
  return resultOf(pull, { ...comparisonOf(empty, empty), pulled: whole });
}

test("the time on the wire and the time of unpacking are one time, whose parts are told", async () => {
  const { verdict, before, after, unit, details = [] } = await resultsOf({ after: { bytes: 50e6, unpackMs: around(1000) } });
  assert.deepEqual([verdict, before, after, unit], ["same", 10_010, 5005, "ms"]);
  assert.deepEqual(details.slice(2), [
    "before: 100 MB fetched in 8.00 s, unpacked in 2.01 s",
    "after: 50.0 MB fetched in 4.00 s, unpacked in 1.00 s",
  ]);
});

test("more bytes, and slower unpacking, are different; what may be noise is not run", async () => {
  assert.equal((await resultsOf({ after: { bytes: 150e6, unpackMs: around(2000) } })).verdict, "different");
  assert.equal((await resultsOf({ after: { bytes: 100e6, unpackMs: around(6000) } })).verdict, "different");
  assert.equal(
    (await resultsOf({ after: { bytes: 100e6, unpackMs: around(3000) } })).verdict,
    "same",
    "10 % are below the tolerance",
  );
  assert.equal((await resultsOf({ after: { bytes: 100e6, unpackMs: [6000, 6100, 6200] } })).verdict, "not-run");
});

test("a budget holds whatever the original takes", async () => {
  assert.match((await resultsOf({ budget: 9000 })).reason ?? "", /^p95 is 10\.09 s, over the budget of 9\.00 s$/);
});

test("what was not measured is not run, with the reason", async () => {
  assert.deepEqual(await resultsOf("no bandwidth was given"), { verdict: "not-run", reason: "no bandwidth was given" });
  assert.equal((await resultOf(pull, comparisonOf(empty, empty))).reason, "it was not asked for");
});
