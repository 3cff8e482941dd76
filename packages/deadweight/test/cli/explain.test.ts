import assert from "node:assert/strict";
import { test } from "node:test";
import type { Rule } from "../../src/index.ts";
import { commandLine, Recorder } from "../support/command-line.ts";

const rule = (name: string, title: string): Rule => ({
  name,
  title,
  meaning: "It means that one two three four five six seven eight nine ten.",
  measure: "It counts.",
  risk: "None.",
  evaluate: () => [],
});
const toolkit = { rules: [rule("logs", "Logs that a build left"), rule("pip-cache", "Downloads and wheels that pip kept")] };

test("without a name, all rules", async () => {
  const { code, stdout } = await commandLine(["explain"], { toolkit });
  assert.equal(code, 0);
  assert.equal(stdout, "logs       Logs that a build left\npip-cache  Downloads and wheels that pip kept\n");
});

test("a rule's texts, wrapped to the terminal", async () => {
  const stdout = new Recorder(false, 40);
  assert.equal((await commandLine(["explain", "pip-cache"], { toolkit, stdout })).code, 0);
  assert.equal(
    stdout.text,
    `pip-cache
Downloads and wheels that pip kept

What it means
It means that one two three four five
six seven eight nine ten.

How it measures
It counts.

What it costs to be wrong
None.
`,
  );
});

test("each real rule can be explained", async () => {
  const { stdout } = await commandLine(["explain"]);
  const names = stdout.split("\n").flatMap((line) => /^([a-z][\w-]+) {2}/.exec(line)?.[1] ?? []);
  assert.ok(names.includes("shadowed-files"));
  for (const name of names) assert.ok((await commandLine(["explain", name])).stdout.startsWith(`${name}\n`));
});
