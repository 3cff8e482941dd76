import assert from "node:assert/strict";
import { test } from "node:test";
import { sizeComparisonSchema } from "../../src/model/size-comparison-schema.ts";
import type { Verification } from "../../src/model/verification.ts";
import { verificationSchema } from "../../src/model/verification-schema.ts";
import { compareSizes } from "../../src/pipeline/compare/compare-sizes.ts";
import { renderComparison, renderVerification, sideBySideFormats } from "../../src/pipeline/render-side-by-side.ts";
import { hostileReport, sampleReport } from "../support/sample-report.ts";

const image = { reference: "x", digest: `sha256:${"a".repeat(64)}`, platform: { os: "linux", architecture: "amd64" } };
const verification = (text: string): Verification => ({
  schemaVersion: 1,
  tool: { name: "deadweight", version: "0" },
  before: { ...image, reference: text },
  after: image,
  passed: false,
  verdicts: [{ check: "file-tree", verdict: "different", reason: text, before: text, after: 2, unit: text, details: [text] }],
  missing: [text],
});

test("what is printed as JSON is what the schemas take", () => {
  const results = [verification("x"), compareSizes(sampleReport, hostileReport("y"), { bitsPerSecond: 1e8 })] as const;
  assert.deepEqual(verificationSchema.parse(JSON.parse(renderVerification(results[0], "json"))), results[0]);
  assert.deepEqual(sizeComparisonSchema.parse(JSON.parse(renderComparison(results[1], "json"))), results[1]);
  assert.equal(verificationSchema.safeParse({ ...results[0], passed: "yes" }).success, false);
  assert.equal(sizeComparisonSchema.safeParse({ ...results[1], layers: undefined }).success, false);
});

test("no text of an image can do anything to a terminal or a page", () => {
  const hostile = "\u001b[31m<img src=x>|`\u202e\r\n# @you";
  for (const format of sideBySideFormats) {
    for (const text of [
      renderVerification(verification(hostile), format),
      renderComparison(compareSizes(sampleReport, hostileReport(hostile)), format, { verbose: true }),
    ]) {
      assert.doesNotMatch(text, /[\u001b\u202e\r]/, format);
      if (format === "markdown") assert.doesNotMatch(text, /<img/, text);
    }
  }
});
