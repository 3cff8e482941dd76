import type { Digest } from "./digest.ts";
import type { Platform } from "./platform.ts";

/** How a check ended. `not-run` never counts as passed. */
export const verdictKinds = ["same", "different", "not-run"] as const;
/** One of `verdictKinds`. */
export type VerdictKind = (typeof verdictKinds)[number];

/** What one check says of two images, or of one thing that it looks at: a probe, a measured quantity. */
export interface Verdict {
  readonly check: string;
  /** Which of several things the check looks at: the name of a probe or a service. */
  readonly subject?: string;
  readonly verdict: VerdictKind;
  /** What differs, or why it was not run; of what is the same, how much was looked at. */
  readonly reason?: string;
  /** Both values, with their unit where they are numbers. */
  readonly before?: string | number;
  readonly after?: string | number;
  readonly unit?: string;
  /** The first differences, one line each. */
  readonly details?: readonly string[];
}

/** An image that was verified. */
export interface VerifiedImage {
  readonly reference: string;
  readonly digest: Digest;
  readonly platform: Platform;
  /** All layers, uncompressed. */
  readonly tarBytes?: number;
}

/** The result of laying two images side by side: plain JSON, schema version 1. */
export interface Verification {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: "deadweight"; readonly version: string };
  readonly before: VerifiedImage;
  readonly after: VerifiedImage;
  /** Something was looked at, nothing differs, and all that had to be looked at was. */
  readonly passed: boolean;
  readonly verdicts: readonly Verdict[];
  /** What `--require` asked for and was not run, with the reason. */
  readonly missing: readonly string[];
}
