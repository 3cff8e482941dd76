import type { Digest } from "./digest.ts";

/** What became of paths that were to be brought back. */
export interface Restoration {
  /** Where the result is; the image that was given when there was nothing to do. */
  readonly reference: string;
  /** Of its manifest. */
  readonly digest: Digest;
  /** Paths that were brought back, as text. */
  readonly restored: readonly string[];
  /** Paths among those that were asked for, and below them, which were as they should be. */
  readonly unchanged: number;
  /** Bytes of the layer that was put on top, uncompressed and as it is stored; 0 when there was nothing to do. */
  readonly tarBytes: number;
  readonly compressedBytes: number;
  readonly notes: readonly string[];
}
