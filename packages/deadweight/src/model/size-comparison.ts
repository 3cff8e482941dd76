import type { Digest } from "./digest.ts";
import type { BaseImage, ComponentKind, Report, ReportTotals } from "./report.ts";

/** What of an image is compared: the part of a report that says where its bytes are. */
export type Weighed = Pick<Report, "image" | "totals" | "layers" | "components" | "baseImage">;

/** What became of a layer. Recompressed: the same files, stored anew. */
export const layerChanges = ["same", "recompressed", "changed", "new", "gone"] as const;
/** One of `layerChanges`. */
export type LayerChange = (typeof layerChanges)[number];

/** What became of a component. */
export const componentChanges = ["same", "bigger", "smaller", "new", "gone"] as const;
/** One of `componentChanges`. */
export type ComponentChange = (typeof componentChanges)[number];

/** One side of a layer. */
export interface ComparedLayer {
  readonly index: number;
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly tarBytes: number;
  readonly compressedBytes: number;
  readonly base: boolean;
}

/** A layer of either image, and its counterpart by content or by the instruction that made it. */
export interface LayerPair {
  readonly change: LayerChange;
  readonly instruction: string;
  readonly before?: ComparedLayer;
  readonly after?: ComparedLayer;
}

/** One side of a component: what all of that kind and name weigh. */
export interface ComparedComponent {
  /** Ascending, joined by commas where there are several. */
  readonly version?: string;
  readonly tarBytes: number;
  readonly compressedBytes: number;
  readonly files: number;
}

/** An owner of bytes in either image. */
export interface ComponentPair {
  readonly change: ComponentChange;
  readonly kind: ComponentKind;
  readonly name: string;
  readonly isOtherVersion: boolean;
  readonly before?: ComparedComponent;
  readonly after?: ComparedComponent;
}

/** How long an engine took to build an image, as `deadweight build` recorded it. */
export interface BuildTime {
  readonly durationMs: number;
  readonly steps: number;
  /** Those that were taken from the builder's cache, in no time. */
  readonly cachedSteps: number;
}

/** One image of the two. */
export interface ComparedImage {
  readonly image: Report["image"];
  readonly totals: Omit<ReportTotals, "reclaimableBytes" | "reclaimableCompressedBytes">;
  readonly baseImage: BaseImage;
  /** Absent where no record of a build names the image. */
  readonly build?: BuildTime;
}

/** What has to be fetched, in bytes of layer blobs, and how long that takes when the bandwidth is known. */
export interface Transfer {
  /** Bits in a second; absent when none was given. */
  readonly bitsPerSecond?: number;
  /** For a machine that has nothing: all layers, each once. */
  readonly before: { readonly bytes: number; readonly seconds?: number };
  readonly after: { readonly bytes: number; readonly seconds?: number };
  /** The image after, for a machine that has the one before. */
  readonly update: { readonly bytes: number; readonly seconds?: number };
}

/** The bytes of two images side by side: plain JSON, schema version 1. */
export interface SizeComparison {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: "deadweight"; readonly version: string };
  readonly before: ComparedImage;
  readonly after: ComparedImage;
  /** Whether both have the same layers of a base image. */
  readonly isSameBase: boolean;
  readonly transfer: Transfer;
  readonly layers: readonly LayerPair[];
  /** The largest difference first. */
  readonly components: readonly ComponentPair[];
}
