import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/lib/user-error.ts";
import { render } from "../../src/pipeline/render.ts";
import { sampleReport } from "../support/sample-report.ts";

test("each format by its name", () => {
  assert.match(render(sampleReport, "table"), /^docker:example\/speech:1\.0 {2}linux\/amd64\n/);
  assert.match(render(sampleReport, "json"), /^\{\n {2}"schemaVersion": 1,/);
  assert.match(render(sampleReport, "markdown"), /^### deadweight: /);
});

test("the options reach the format", () => {
  assert.doesNotMatch(render(sampleReport, "table"), /^Components$/m);
  assert.match(render(sampleReport, "table", { verbose: true }), /^Components$/m);
});

test("an unknown format is a usage error that names the near one", () => {
  assert.throws(
    () => render(sampleReport, "jsn"),
    (error) => error instanceof UserError && error.exitCode === 2 && error.hint === 'did you mean "json"?',
  );
});
