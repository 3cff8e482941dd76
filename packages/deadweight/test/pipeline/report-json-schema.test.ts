import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { json } from "../../src/formats/json.ts";
import { reportJsonSchema, schemaNames } from "../../src/pipeline/report-json-schema.ts";
import { doubtfulReport, hostileReport, sampleReport } from "../support/sample-report.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const published = join(import.meta.dirname, "../../../../docs/report-schema.json");
const options = { verbose: false, columns: 80, colour: false };

test("docs/report-schema.json is what the command prints", async () => {
  assert.deepEqual(JSON.parse(readFileSync(published, "utf8")), await reportJsonSchema());
});

test("and so are the schemas of other results", async () => {
  for (const name of schemaNames) {
    const file = join(published, `../${name}-schema.json`);
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), await reportJsonSchema(name), name);
  }
});

test("a validator of another hand takes our reports and refuses spoilt ones", (t) => {
  const validator =
    "import json, sys, jsonschema\nschema = json.load(open(sys.argv[1]))\njsonschema.Draft202012Validator.check_schema(schema)\n";
  const run = (...files: readonly string[]) =>
    spawnSync("python3", [
      "-c",
      `${validator}validator = jsonschema.Draft202012Validator(schema)\nprint([validator.is_valid(json.load(open(file))) for file in sys.argv[2:]])`,
      published,
      ...files,
    ]);
  if (run().status !== 0) return t.skip("python3 with jsonschema: not here");

  const folder = temporaryFolder();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const good = [sampleReport, doubtfulReport, hostileReport("\u001b|<"), { ...sampleReport, addedLater: true }];
  const { tool: _tool, ...withoutTool } = sampleReport;
  const bad = [
    withoutTool,
    { ...sampleReport, problems: null },
    { ...sampleReport, totals: { ...sampleReport.totals, files: -1 } },
  ];
  const result = run(
    ...good.map((report, index) => file(`good-${index}.json`, json.render(report, options))),
    ...bad.map((report, index) => file(`bad-${index}.json`, JSON.stringify(report))),
  );
  assert.equal(result.stdout.toString().trim(), "[True, True, True, True, False, False, False]");
});
