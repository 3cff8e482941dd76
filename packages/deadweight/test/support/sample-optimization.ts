import type { Change, Optimization } from "../../src/model/optimization.ts";
import { sampleReport } from "./sample-report.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

const change = (path: string, bytesBefore: number, bytesAfter: number, more: Partial<Change> = {}): Change => ({
  transform: "remove-caches",
  action: "remove",
  layer: 1,
  path,
  bytesBefore,
  bytesAfter,
  reason: "pip's cache: pip can download it again",
  ...more,
});

/** An optimisation by hand that was written: 3.00 GB before, 2.19 GB predicted and after, two transforms. */
export const sampleOptimization: Optimization = {
  ...sampleReport,
  level: "verified",
  before: { tarBytes: 3_000_000_000, compressedBytes: 2_000_000_000 },
  predicted: { tarBytes: 2_190_000_000, compressedBytes: 1_220_000_000 },
  after: { tarBytes: 2_190_000_512, compressedBytes: 1_221_000_000 },
  result: { reference: "oci:small image", digest: digest("f"), isCopy: false, isValidated: true },
  changes: [
    change("usr/lib/a.so", 10_000_512, 512, { transform: "link-duplicates", action: "link", reason: "the same as usr/lib/b.so" }),
    change("root/.cache/pip/a.body", 780_000_000, 0),
    change("root/.cache/pip/selfcheck", 20_000_000, 0, { reason: "pip's note of its own version" }),
  ],
  omissions: [{ digest: digest("9"), reason: "the image for linux/arm64: one platform is written" }],
  notes: ['nothing to keep matches "opt/**"'],
};

const { after: _after, result: _result, ...rest } = sampleOptimization;

/** The same as a plan alone. */
export const samplePlan: Optimization = rest;

/** Nothing was found to change, and a copy was written. */
export const sampleCopy: Optimization = {
  ...sampleOptimization,
  level: "lossless",
  predicted: sampleOptimization.before,
  after: sampleOptimization.before,
  changes: [],
  omissions: [],
  notes: [],
  result: { reference: "oci:copy", digest: sampleReport.image.digest, isCopy: true, isValidated: true },
};

const half = { tarBytes: 1_500_000_000, compressedBytes: 1_000_000_000 };
const less = { tarBytes: 690_000_000, compressedBytes: 220_000_000 };

/** An index of two platforms was rewritten; nothing was to be changed in one of them. */
export const sampleIndex: Optimization = {
  ...sampleOptimization,
  indexDigest: digest("d"),
  platforms: [
    {
      platform: { os: "linux", architecture: "amd64" },
      digest: digest("1"),
      before: half,
      predicted: less,
      after: less,
      resultDigest: digest("2"),
    },
    {
      platform: { os: "linux", architecture: "arm", variant: "v7" },
      digest: digest("3"),
      before: half,
      predicted: half,
      after: half,
      resultDigest: digest("3"),
    },
  ],
  changes: sampleOptimization.changes.map((one) => ({ ...one, platform: "linux/amd64" })),
  omissions: [{ digest: digest("9"), reason: "an attestation of the image for linux/amd64: that was changed" }],
};
