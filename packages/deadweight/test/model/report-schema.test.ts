import assert from "node:assert/strict";
import { test } from "node:test";
import { json } from "../../src/formats/json.ts";
import { reportSchema } from "../../src/model/report-schema.ts";
import { doubtfulReport, hostileReport, sampleReport } from "../support/sample-report.ts";

type Json = Record<string, unknown>;

test("reports by hand are reports, and come out unchanged", () => {
  for (const report of [sampleReport, doubtfulReport, hostileReport("\u001b[31m")]) {
    assert.deepEqual(reportSchema.parse(structuredClone(report)), report);
  }
});

test("the schema documents the fields in the order in which json prints them", () => {
  const printed = json.render(doubtfulReport, { verbose: false, columns: 80, colour: false });
  assert.equal(JSON.stringify(reportSchema.parse(doubtfulReport)), JSON.stringify(JSON.parse(printed)));
});

test("a field of a later version is kept, at each depth", () => {
  const newer = structuredClone(sampleReport) as unknown as { totals: Json; predicted?: Json };
  newer.totals["images"] = 2;
  newer.predicted = { tarBytes: 1 };
  assert.deepEqual(reportSchema.parse(newer), newer);
});

const wrong: readonly (readonly [string, (report: Json) => void, string])[] = [
  ["a missing field", (report) => delete (report["totals"] as Json)["files"], "totals.files"],
  ["a negative size", (report) => ((report["totals"] as Json)["tarBytes"] = -1), "totals.tarBytes"],
  ["a fraction", (report) => ((report["totals"] as Json)["tarBytes"] = 1.5), "totals.tarBytes"],
  ["a size above 2^53", (report) => ((report["totals"] as Json)["tarBytes"] = 2 ** 53), "totals.tarBytes"],
  ["a size as text", (report) => ((report["totals"] as Json)["tarBytes"] = "12"), "totals.tarBytes"],
  [
    "another kind",
    (report) => ((report["components"] as Json[])[2] = { ...(report["components"] as Json[])[2], kind: "deb" }),
    "components.2.kind",
  ],
  ["no digest", (report) => ((report["image"] as Json)["digest"] = "sha256:../../etc/passwd"), "image.digest"],
  ["null for a text", (report) => ((report["tool"] as Json)["version"] = null), "tool.version"],
  ["another schema version", (report) => (report["schemaVersion"] = 2), "schemaVersion"],
  ["an object for a list", (report) => (report["problems"] = {}), "problems"],
];

for (const [name, spoil, path] of wrong) {
  test(`refused: ${name}`, () => {
    const report = structuredClone(sampleReport) as unknown as Json;
    spoil(report);
    const result = reportSchema.safeParse(report);
    assert.equal(result.error?.issues[0]?.path.join("."), path);
  });
}

test("a text where a field may be absent is not null", () => {
  const report = structuredClone(sampleReport) as unknown as { components: Json[] };
  report.components[0] = { ...report.components[0], version: undefined };
  assert.equal(reportSchema.safeParse(report).success, false);
});
