import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/lib/user-error.ts";
import { failedGates, parseBudget, parseThreshold, type Gates } from "../../src/pipeline/gate.ts";
import { doubtfulReport, sampleReport } from "../support/sample-report.ts";

const rules = ["pip-cache", "apt-lists", "build-tools"];

const gates = (budgets: readonly string[], thresholds: readonly string[] = []): Gates => ({
  budgets: budgets.map((text) => parseBudget(text)),
  thresholds: thresholds.map((text) => parseThreshold(text, rules)),
});

test("budgets are read", () => {
  assert.deepEqual(parseBudget("compressed=2GB"), { subject: "compressed", bytes: 2_000_000_000 });
  assert.deepEqual(parseBudget("cuda=1.5GiB"), { subject: "cuda", bytes: 1_610_612_736 });
  assert.deepEqual(parseBudget("reclaimable=0"), { subject: "reclaimable", bytes: 0 });
});

test("wrong budgets and thresholds are usage errors with a hint", () => {
  const cases: readonly (readonly [() => unknown, string])[] = [
    [() => parseBudget("compresed=2GB"), 'did you mean "compressed"?'],
    [() => parseBudget("compressed"), "write for instance compressed=2GB or compressed=500MiB"],
    [() => parseBudget("compressed=big"), "write for instance compressed=2GB or compressed=500MiB"],
    [() => parseBudget("compressed=1GB=2GB"), "write for instance compressed=2GB or compressed=500MiB"],
    [() => parseThreshold("pip-cahce", rules), 'did you mean "pip-cache"?'],
    [() => parseThreshold("losless", rules), 'did you mean "lossless"?'],
  ];
  for (const [parse, hint] of cases) {
    assert.throws(parse, (error) => error instanceof UserError && error.exitCode === 2 && error.hint === hint);
  }
});

test("a budget holds up to the byte", () => {
  assert.deepEqual(failedGates(sampleReport, gates(["uncompressed=3GB", "compressed=2GB", "reclaimable=1GB"])), []);
  assert.deepEqual(failedGates(sampleReport, gates(["uncompressed=2999999999", "compressed=1.5GB"])), [
    "budget uncompressed: 3.00 GB is 1 B over 3.00 GB",
    "budget compressed: 2.00 GB is 500 MB over 1.50 GB",
  ]);
});

test("a budget of a kind counts all components of that kind", () => {
  const [torch] = sampleReport.components;
  assert.ok(torch);
  const report = {
    ...sampleReport,
    components: [...sampleReport.components, { ...torch, name: "numpy", tarBytes: 100_000_000 }],
  };
  assert.deepEqual(failedGates(report, gates(["python=1.8GB", "cuda=0"])), []);
  assert.deepEqual(failedGates(report, gates(["python=1.7GB"])), ["budget python: 1.80 GB is 100 MB over 1.70 GB"]);
});

test("a rule that found something fails its gate, one that passed does not", () => {
  assert.deepEqual(failedGates(sampleReport, gates([], ["apt-lists"])), []);
  assert.deepEqual(failedGates(sampleReport, gates([], ["build-tools"])), [
    "rule build-tools: 150 MB, gcc-12 and 9 packages that only it needs",
  ]);
});

test("a safety stands for all findings that are as safe or safer", () => {
  const rulesOf = (safety: string): string[] =>
    failedGates(sampleReport, gates([], [safety])).map((line) => / by ([\w-]+),/.exec(line)?.[1] ?? line);
  assert.deepEqual(rulesOf("lossless"), ["pip-cache"]);
  assert.deepEqual(rulesOf("verified").sort(), ["build-tools", "pip-cache"]);
  assert.deepEqual(rulesOf("opt-in").sort(), ["build-tools", "docs-and-manuals", "pip-cache"]);
});

test("what could not be judged is not passed", () => {
  const clean = { ...doubtfulReport, outcomes: doubtfulReport.outcomes.filter(({ status }) => status !== "found") };
  assert.deepEqual(failedGates(clean, gates([], ["lossless"])), ["safety lossless: rule python-bytecode crashed"]);
  assert.deepEqual(failedGates(clean, { budgets: [], thresholds: [{ rule: "python-bytecode" }] }), [
    "rule python-bytecode: it crashed",
  ]);
  assert.deepEqual(failedGates(clean, gates([], ["pip-cache"])), ["rule pip-cache: it was not run"]);
});
