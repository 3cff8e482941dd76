import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { render, reportJsonSchema } from "../../src/index.ts";
import { commandLine } from "../support/command-line.ts";
import { doubtfulReport, sampleReport } from "../support/sample-report.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const saved = join(folder, "saved.json");
writeFileSync(saved, render(doubtfulReport, "json"));

test("a saved result is rendered as a fresh one", async () => {
  for (const format of ["table", "json", "markdown"]) {
    const { code, stdout } = await commandLine(["report", saved, "-f", format, "-v"]);
    assert.equal(code, 0);
    assert.equal(stdout, render(doubtfulReport, format, { verbose: true }));
  }
});

test("gates and files work on it as well", async () => {
  const markdown = join(folder, "summary.md");
  const { code, stderr } = await commandLine(["report", saved, "--budget", "compressed=1GB", "-o", markdown]);
  assert.equal(code, 1);
  assert.equal(stderr, "gate failed: budget compressed: 2.00 GB is 1.00 GB over 1.00 GB\n");
  assert.equal(readFileSync(markdown, "utf8"), render(doubtfulReport, "markdown"));
});

test("what is no report exits 3 and names the first wrong field", async () => {
  const spoilt = join(folder, "spoilt.json");
  writeFileSync(spoilt, JSON.stringify({ ...sampleReport, totals: { ...sampleReport.totals, files: "12" } }));
  const { code, stdout, stderr } = await commandLine(["report", spoilt]);
  assert.equal(code, 3);
  assert.equal(stdout, "");
  assert.match(stderr, /^error: could not read the report .*spoilt\.json: totals\.files: Invalid input: expected .*\nhint: /);
});

test("--schema prints the JSON Schema", async () => {
  const { code, stdout } = await commandLine(["report", "--schema"]);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(stdout), await reportJsonSchema());
});
