import type { MessagePort } from "node:worker_threads";
import type { Limits } from "../archive/limits.ts";
import type { Want } from "../contracts/cataloger.ts";
import type { RingMemory } from "../lib/ring.ts";
import type { PlainLayerIndex } from "./layer-index-codec.ts";
import type { BlobFacts } from "./layer-scanner.ts";

/** What the two threads that read layers are started with; docs/architecture.md draws them. */
export interface ThreadMemory {
  /** Compressed bytes, when they come from a stream in the main thread. */
  readonly input: RingMemory;
  /** Uncompressed bytes from the decompressing to the scanning thread. */
  readonly output: RingMemory;
  /** One BigInt64: bytes of the blob done so far. */
  readonly progress: SharedArrayBuffer;
}

export interface DecodeStart {
  readonly memory: ThreadMemory;
  /** To the scanning thread. */
  readonly port: MessagePort;
  readonly limits: Limits;
}

/** A blob to decompress: part of a file, or what comes through the input ring. */
export type DecodeJob =
  | { readonly kind: "file"; readonly path: string; readonly offset: number; readonly size: number }
  | { readonly kind: "stream" };

export interface ScanStart {
  readonly memory: ThreadMemory;
  /** From the decompressing thread. */
  readonly port: MessagePort;
  readonly limits: Limits;
  readonly patterns: readonly Want[];
  readonly spoolFolder: string;
  /** Whether indexes get `programs`. */
  readonly programs: boolean;
}

/** An error on its way between threads. */
export interface ThreadError {
  readonly code?: string;
  readonly message: string;
  readonly stack?: string;
}

/** From the decompressing to the scanning thread, each before the piece that needs it. */
export type DecodeMessage =
  | { readonly kind: "compression"; readonly compression: BlobFacts["compression"] }
  | { readonly kind: "end"; readonly blob: BlobFacts }
  | { readonly kind: "error"; readonly error: ThreadError };

/** From the scanning thread to the main thread. */
export type ScanResult =
  | { readonly kind: "index"; readonly index: PlainLayerIndex }
  | { readonly kind: "error"; readonly error: ThreadError };
