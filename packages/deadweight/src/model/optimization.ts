import type { Digest } from "./digest.ts";
import type { Platform } from "./platform.ts";
import type { Report } from "./report.ts";

/** How far the changes of a run go: those that no program can tell, or those too that are sound by analysis. */
export const levels = ["lossless", "verified"] as const;
/** One of `levels`. */
export type Level = (typeof levels)[number];

/** What all layers of an image weigh, in bytes. */
export interface Weight {
  readonly tarBytes: number;
  readonly compressedBytes: number;
}

/** What can happen to a stored entry. */
export const changeActions = ["remove", "rewrite", "link"] as const;
/** One of `changeActions`. */
export type ChangeAction = (typeof changeActions)[number];

/** One stored entry that was changed, by a transform and for a reason. Bytes are those of the tar stream. */
export interface Change {
  readonly transform: string;
  readonly action: ChangeAction;
  /** Of which image, as `os/architecture[/variant]`; absent where one image was looked at. */
  readonly platform?: string;
  /** Layer of the source. */
  readonly layer: number;
  /** Without leading slash, as text. */
  readonly path: string;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly reason: string;
}

/** A manifest below the source's index that the result has not, and why. */
export interface Omission {
  readonly digest: Digest;
  readonly reason: string;
}

/** What was made of one image of an index. */
export interface PlatformOutcome {
  readonly platform: Platform;
  /** Of the image's manifest in the source. */
  readonly digest: Digest;
  readonly before: Weight;
  readonly predicted: Weight;
  /** Absent when nothing was written. */
  readonly after?: Weight;
  /** Of the image's manifest in the result; absent when nothing was written. */
  readonly resultDigest?: Digest;
}

/** An image that was written. */
export interface Result {
  /** Under which it can be opened again. */
  readonly reference: string;
  /** Of its manifest, or of the index above several. */
  readonly digest: Digest;
  /** Whether nothing was to be changed, so that it is the source as it was. */
  readonly isCopy: boolean;
  /** Whether it was read again and compared with the source. */
  readonly isValidated: boolean;
}

/**
 * The result of an optimisation: the report on the source, and what was made of it. Of an index that was rewritten whole the report is on one
 * of its images, and weights and changes are of all of them.
 */
export interface Optimization extends Report {
  readonly level: Level;
  /** Digest of the source's index, where it was rewritten whole. */
  readonly indexDigest?: Digest;
  /** Each image of that index that was looked at, in its order. */
  readonly platforms?: readonly PlatformOutcome[];
  readonly before: Weight;
  /** What the plan says that the result weighs, the layers compressed as they were. */
  readonly predicted: Weight;
  /** What the result weighs; absent when nothing was written. */
  readonly after?: Weight;
  /** Where the result is; absent when nothing was written. */
  readonly result?: Result;
  readonly changes: readonly Change[];
  readonly omissions: readonly Omission[];
  /** What was left alone, and why, in words. */
  readonly notes: readonly string[];
}

/** Whether a report is that of an optimisation. */
export function isOptimization(report: Report): report is Optimization {
  return "changes" in report && "before" in report && "predicted" in report;
}
