import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { measurePulls } from "../../src/pipeline/measure-pulls.ts";
import type { Pulls } from "../../src/model/pulls.ts";
import { withFacts } from "../../src/pipeline/with-facts.ts";
import { tarOf } from "../support/layers.ts";
import { serviceOf } from "../support/observed.ts";
import { amd64Options, layoutOf } from "../support/optimizing.ts";
import type { TestLayer } from "../support/outgoing.ts";

const content = randomBytes(300_000);
const large = { archive: tarOf([{ path: "a", content }]), compression: "gzip" } as const;
const small = { archive: tarOf([{ path: "b", content: content.subarray(200_000) }]), compression: "zstd" } as const;

interface Measured {
  readonly pulls: Pulls | string;
  readonly notes: readonly string[];
}

/** The first image of which a clock says that each round takes `beforeMs`, against the second. */
async function measured(
  sides: readonly [string, string],
  service: object,
  times = (_reading: number): number => 0,
): Promise<Measured> {
  const notes: string[] = [];
  let readings = 0;
  const options = {
    signal: new AbortController().signal,
    now: () => times(readings++),
    onNote: (text: string) => notes.push(text),
  };
  const pulls = await withFacts(sides[0], amd64Options(), (before) =>
    withFacts(sides[1], amd64Options(), (after) => measurePulls(before, after, serviceOf(service), options)),
  );
  return { pulls, notes };
}

/** The size of all layer blobs of a layout: the others are JSON. */
function blobBytes(reference: string): number {
  const folder = join(reference.replace(/^oci:/, "").replace(/:[^/]*$/, ""), "blobs/sha256");
  const blobs = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  return blobs.filter(([first]) => first !== 0x7b).reduce((sum, { length }) => sum + length, 0);
}

function why({ pulls }: Measured): string {
  return typeof pulls === "string" ? pulls : assert.fail();
}

test("each layer is unpacked once in a round, in turns, and the blobs are counted", async () => {
  const sides = [await layoutOf([large, small]), await layoutOf([small])] as const;
  const { pulls, notes } = await measured(sides, { measure: { rounds: 4, bandwidth: "100mbit" } }, (reading) => reading * 7);
  assert.ok(typeof pulls === "object");
  assert.deepEqual(
    [pulls.bitsPerSecond, pulls.before.bytes, pulls.after.bytes],
    [100e6, blobBytes(sides[0]), blobBytes(sides[1])],
  );
  assert.deepEqual([pulls.before.unpackMs, pulls.after.unpackMs], [Array(4).fill(7), Array(4).fill(7)]);
  assert.deepEqual(
    notes,
    [1, 2, 3, 4].map((round) => `unpacking: round ${round}`),
  );
});

test("as long as it is unclear more rounds are made, three times as many", async () => {
  const side = await layoutOf([small]);
  const noise = [100, 900, 500];
  let time = 0;
  const { pulls } = await measured([side, side], { measure: { rounds: 3, bandwidth: "1gbit" } }, (reading) => {
    // Two unpackings that don't count, then two in each round, the candidate's second and first in turn.
    const unpacking = Math.floor(reading / 2) - 2;
    const round = Math.floor(unpacking / 2);
    const isCandidate = unpacking % 2 !== round % 2;
    if (reading % 2 === 1) time += (noise[round % 3] ?? 0) + (isCandidate ? 300 : 0);
    return time;
  });
  assert.ok(typeof pulls === "object");
  assert.deepEqual(pulls.before.unpackMs, [...noise, ...noise, ...noise]);
  assert.deepEqual(pulls.after.unpackMs.slice(0, 3), [400, 1200, 800]);
  assert.equal(pulls.after.unpackMs.length, 9);
});

test("why it was not measured", async () => {
  const side = await layoutOf([small]);
  assert.match(why(await measured([side, side], {})), /^no bandwidth was given: --bandwidth, or measure\.bandwidth/);
  const plain: TestLayer = { archive: large.archive };
  const others = [await layoutOf([plain]), await layoutOf([large])] as const;
  assert.match(
    why(await measured(others, { measure: { bandwidth: "1gbit" } })),
    /^where one of them is stored layers are compressed, and of the other not/,
  );
});

test("a budget of the configuration goes with what was measured", async () => {
  const side = await layoutOf([small]);
  const { pulls } = await measured([side, side], { measure: { rounds: 3, bandwidth: "1gbit" }, budgets: { pull: "5s" } });
  assert.ok(typeof pulls === "object");
  assert.equal(pulls.budget, 5000);
});
