import assert from "node:assert/strict";
import { test } from "node:test";
import type { Edit, Rule } from "../../src/index.ts";
import { commandLine, Recorder } from "../support/command-line.ts";

const rule = (name: string, title: string): Rule => ({
  name,
  title,
  meaning: "It means that one two three four five six seven eight nine ten.",
  measure: "It counts.",
  risk: "None.",
  evaluate: () => [],
});
const edit: Edit = {
  name: "pip-no-cache",
  title: "pip without its cache",
  safety: "lossless",
  order: 1,
  meaning: "It keeps nothing.",
  risk: "None at all.",
  checks: ["python-imports"],
  example: {
    before: "FROM a\nRUN pip install one two three four five six seven\n",
    after: "FROM a\nRUN pip install --no-cache-dir\n",
  },
  propose: () => ({ proposals: [], notes: [] }),
};
const toolkit = {
  edits: [],
  rules: [rule("logs", "Logs that a build left"), rule("pip-cache", "Downloads and wheels that pip kept")],
};

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

test("an edit's texts, with before and after as they are", async () => {
  const stdout = new Recorder(false, 40);
  assert.equal((await commandLine(["explain", "pip-no-cache"], { toolkit: { ...toolkit, edits: [edit] }, stdout })).code, 0);
  assert.equal(
    stdout.text,
    `pip-no-cache
pip without its cache

What it means
It keeps nothing.

Before
FROM a
RUN pip install one two three four five six seven

After
FROM a
RUN pip install --no-cache-dir

Safety
lossless; checked by python-imports

What it costs to be wrong
None at all.
`,
  );
});

test("each real rule and edit can be explained", async () => {
  const { stdout } = await commandLine(["explain"]);
  const names = stdout.split("\n").flatMap((line) => /^([a-z][\w-]+) {2}/.exec(line)?.[1] ?? []);
  assert.ok(names.includes("shadowed-files") && names.includes("quoted-requirements"));
  for (const name of names) assert.ok((await commandLine(["explain", name])).stdout.startsWith(`${name}\n`));
});
