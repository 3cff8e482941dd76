import type { Digest } from "./digest.ts";
import type { Platform } from "./platform.ts";
import type { ReportGpus } from "./report-gpus.ts";

/** How safe a change is, the safest first, docs/measuring.md. */
export const safeties = ["lossless", "verified", "opt-in"] as const;
/** One of `safeties`. */
export type Safety = (typeof safeties)[number];

/** How a number was come by. An estimate never poses as a measurement. */
export type Basis = "measured" | "derived" | "estimated";

/** Where something is: a layer and a path in it. The path is absent when the whole layer is meant. */
export interface Location {
  readonly layer: number;
  readonly path?: string;
  /** Uncompressed offset in the layer, in bytes. */
  readonly offset?: number;
}

/** Bytes that a finding says are dead weight, and where they are. */
export interface Claim {
  readonly location: Location;
  readonly bytes: number;
  readonly compressedBytes: number;
  readonly basis: Basis;
  /** Stored entries that the claim sums up, when it stands for a whole folder. */
  readonly entries?: number;
  /** Whether the layer came with the base image. */
  readonly base: boolean;
}

/** One thing that a rule found, and what frees the bytes. */
export interface Finding {
  readonly message: string;
  readonly safety: Safety;
  readonly remedy?: string;
  /** Sums over all that the finding claims, claims left out by `--claims` included. */
  readonly bytes: number;
  readonly compressedBytes: number;
  readonly claims: readonly Claim[];
}

/** How a rule ended. */
export type OutcomeStatus = "passed" | "found" | "not-applicable" | "crashed";

/** What one rule said. */
export interface Outcome {
  readonly rule: string;
  readonly status: OutcomeStatus;
  readonly reason?: string;
  readonly findings: readonly Finding[];
}

/** Input that could not be read; the rest of the report stands. */
export interface Problem {
  readonly location: Location;
  readonly message: string;
}

/** What can own bytes. */
export const componentKinds = [
  "dpkg",
  "apk",
  "rpm",
  "python",
  "npm",
  "conda",
  "cuda",
  "model",
  "cache",
  "application",
  "unowned",
] as const;
/** What kind of owner a component is. */
export type ComponentKind = (typeof componentKinds)[number];

/** An owner of bytes, with all that it owns. */
export interface ReportComponent {
  readonly kind: ComponentKind;
  readonly name: string;
  readonly version?: string;
  /** How a CUDA part got there: `toolkit`, `wheel` or `conda`; what a model file is. */
  readonly origin?: string;
  readonly tarBytes: number;
  readonly compressedBytes: number;
  readonly files: number;
  /** Indexes of the layers that hold its bytes, ascending. */
  readonly layers: readonly number[];
}

/** One layer with what it holds and which instruction made it. */
export interface ReportLayer {
  readonly index: number;
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly mediaType: string;
  readonly tarBytes: number;
  readonly compressedBytes: number;
  readonly files: number;
  readonly instruction: string;
  readonly base: boolean;
}

/** Sums over all layers. */
export interface ReportTotals {
  readonly layers: number;
  /** Stored entries that are neither folders nor whiteouts. */
  readonly files: number;
  /** Sum of the sizes of stored regular files. */
  readonly contentBytes: number;
  /** Sum of the uncompressed sizes of the layers. */
  readonly tarBytes: number;
  /** Sum of the sizes of the layer blobs. */
  readonly compressedBytes: number;
  /** Bytes that some finding claims, each counted once. */
  readonly reclaimableBytes: number;
  readonly reclaimableCompressedBytes: number;
}

/** The share of the reclaimable bytes by the safest remedy that frees them. */
export interface ReclaimableBySafety {
  readonly safety: Safety;
  readonly bytes: number;
  readonly compressedBytes: number;
}

/** How many of the lowest layers came with the base image, and what says so. */
export interface BaseImage {
  readonly layers: number;
  readonly evidence: string;
}

/** The result of an analysis, schema version 1: plain JSON, the only thing that formats see. Sizes are bytes. */
export interface Report {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: "deadweight"; readonly version: string };
  readonly image: { readonly reference: string; readonly digest: Digest; readonly platform: Platform };
  readonly totals: ReportTotals;
  readonly reclaimable: readonly ReclaimableBySafety[];
  readonly baseImage: BaseImage;
  readonly layers: readonly ReportLayer[];
  readonly components: readonly ReportComponent[];
  readonly outcomes: readonly Outcome[];
  /** Of an image with code for GPUs, CUDA or PyTorch. */
  readonly gpus?: ReportGpus;
  readonly problems: readonly Problem[];
}
