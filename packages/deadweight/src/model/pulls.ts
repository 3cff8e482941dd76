import type { Measure } from "./config.ts";

/** What a machine without a layer of an image gets of it. */
export interface PulledImage {
  /** Of all layer blobs, each once. */
  readonly bytes: number;
  /** Milliseconds that unpacking them took on this machine, once for each round. */
  readonly unpackMs: readonly number[];
}

/** Both images pulled over the same line and unpacked on the same machine. */
export interface Pulls {
  readonly bitsPerSecond: number;
  readonly measure: Measure;
  /** Milliseconds that the candidate may take at most. */
  readonly budget?: number;
  readonly before: PulledImage;
  readonly after: PulledImage;
}

/** Milliseconds that the bytes take on the wire. */
export function transferMs({ bytes }: PulledImage, bitsPerSecond: number): number {
  return (bytes * 8000) / bitsPerSecond;
}
