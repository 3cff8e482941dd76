import assert from "node:assert/strict";
import { test } from "node:test";
import { json } from "../../src/formats/json.ts";
import type { Report } from "../../src/model/report.ts";
import { doubtfulReport, hostileReport } from "../support/sample-report.ts";

const options = { verbose: false, columns: 80, colour: false };

test("the report comes back as it went in, with a newline at the end", () => {
  const text = json.render(doubtfulReport, options);
  assert.deepEqual(JSON.parse(text), doubtfulReport);
  assert.equal(text.at(-1), "\n");
});

test("the order of the fields does not depend on how the report was made", () => {
  assert.equal(json.render(reversed(doubtfulReport) as Report, options), json.render(doubtfulReport, options));
  assert.match(json.render(doubtfulReport, options), /^\{\n {2}"schemaVersion": 1,\n {2}"tool": \{\n {4}"name": "deadweight"/);
});

test("the text is what JSON.stringify gives of the fields in their order, in one piece or many", () => {
  const { outcomes } = doubtfulReport;
  const many = { ...doubtfulReport, problems: [], outcomes: Array.from({ length: 500 }, () => outcomes).flat() };
  const parts = [...(json.parts?.(many) ?? [])];
  assert.ok(parts.length > 2, `${parts.length} parts`);
  assert.equal(parts.join(""), json.render(many, options));
  assert.equal(parts.join(""), `${JSON.stringify(JSON.parse(parts.join("")), undefined, 2)}\n`);
});

test("fields of a newer version are kept, after the known ones", () => {
  const newer = { forecast: { tarBytes: 5 }, ...doubtfulReport };
  const parsed = JSON.parse(json.render(newer, options)) as Record<string, unknown>;
  assert.deepEqual(parsed, newer);
  assert.equal(Object.keys(parsed).at(-1), "forecast");
});

test("no raw character that a terminal obeys or hides, and the same text after parsing", () => {
  const text = "\u001b[31m\r\n\u0000\u007f\u009b2J\u202e\u200b\u2028\u{e0041}\u00ad <b>|`& 模型 🚀 \ud800";
  const rendered = json.render(hostileReport(text), options);
  assert.doesNotMatch(rendered, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u{e0000}-\u{e0fff}]/u);
  assert.deepEqual(JSON.parse(rendered), hostileReport(text));
});

/** A copy with the fields of each object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, item]) => [name, reversed(item)]),
  );
}
