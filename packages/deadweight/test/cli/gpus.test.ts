import assert from "node:assert/strict";
import { test } from "node:test";
import { commandLine } from "../support/command-line.ts";

test("the table, by compute capability", async () => {
  const { code, stdout } = await commandLine(["gpus"]);
  assert.equal(code, 0);
  const lines = stdout.split("\n");
  assert.match(lines[0] ?? "", /^5\.0 {3}GTX 750, /);
  assert.ok(lines.some((line) => /^8\.0 {3}A100, A30$/.test(line)));
  assert.ok(lines.some((line) => line.startsWith("12.0  RTX 5060, ")));
});

test("what GPUs are taken for", async () => {
  const { code, stdout } = await commandLine(["gpus", "nvidia geforce rtx 2080 ti,6.1"]);
  assert.equal(code, 0);
  assert.equal(stdout, "sm_61  \nsm_75  RTX 2080 Ti\n");
});

test("what is none is refused with a hint", async () => {
  const { code, stdout, stderr } = await commandLine(["gpus", "RTX 2080 Tj"]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /^error: gpu "RTX 2080 Tj": not known\nhint: did you mean "RTX 2080/);
});
