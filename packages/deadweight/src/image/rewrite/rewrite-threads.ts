import type { Limits } from "../../archive/limits.ts";
import type { ElfHeaderBytes } from "../../binary/elf-headers.ts";
import type { DevicePointers, UnprovenPointers } from "../../model/device-pointers.ts";
import type { ThreadError } from "../layer-threads.ts";
import type { FilePart } from "./blob-pieces.ts";
import type { Compressed } from "./compress-blocks.ts";
import type { NewContentSums, SummedFile } from "./new-content-sums.ts";
import type { PackedCuts } from "./packed-cuts.ts";

/** What a thread that rewrites layers is started with. */
export interface RewriteStart {
  readonly limits: Limits;
  /** One BigInt64: bytes of the blob done so far. */
  readonly progress: SharedArrayBuffer;
  /** How many threads beside it may compress. */
  readonly threads: number;
}

/** A layer to rewrite. */
export interface RewriteJob {
  readonly source: FilePart;
  /** What the source must turn out to be. */
  readonly digest: string;
  readonly diffId: string;
  readonly tarBytes: number;
  readonly isGzip: boolean;
  readonly cuts: PackedCuts;
  /** Whether the new blob is decompressed as it is written and compared with the source's content; without cuts alone. */
  readonly isChecked: boolean;
  readonly compression: Compressed;
  /** Where the new blob goes; the file is made. */
  readonly output: string;
}

/** A layer to gather entries from. */
export interface GatherSource extends Pick<RewriteJob, "source" | "digest" | "tarBytes" | "cuts"> {
  /** Where the uncompressed bytes of another part begin, and which part that is. */
  readonly starts: Float64Array;
  readonly parts: Uint8Array;
}

/** Layers to make of others: a part alone is compressed, several are written as they are. */
export interface GatherJob {
  readonly sources: readonly GatherSource[];
  readonly compression: Compressed;
  /** Where the parts go; the files are made. */
  readonly outputs: readonly string[];
}

/** A layer of whose files' new contents sums are wanted. */
export interface SumJob {
  readonly source: FilePart;
  readonly tarBytes: number;
  readonly summed: readonly SummedFile[];
}

/** A blob whose digest and diffId are wanted, and nothing of what is in it. */
export interface CheckJob {
  readonly checked: FilePart;
  readonly tarBytes: number;
}

/** A file with device code that is to be looked into: where its content stands in the uncompressed layer, and its headers. */
export interface DeviceFilePart {
  readonly entry: number;
  readonly contentStart: number;
  readonly size: number;
  readonly headers: ElfHeaderBytes;
  /** Where the containers begin in the sections for such. */
  readonly starts: Float64Array;
  /** Where those begin and end that lie among other constants. */
  readonly loose: readonly { readonly start: number; readonly end: number }[];
  /** Entries whose bytes are wanted, and where they are in the file. */
  readonly samples: readonly { readonly entry: number; readonly start: number; readonly end: number }[];
}

/** A layer of whose files is wanted what leads to their device code. */
export interface DeviceJob {
  readonly source: FilePart;
  readonly tarBytes: number;
  /** Ascending in the layer. */
  readonly deviceFiles: readonly DeviceFilePart[];
}

/** What a rewritten layer is. */
export interface RewrittenBlob {
  readonly digest: string;
  readonly compressedBytes: number;
  readonly diffId: string;
  readonly tarBytes: number;
}

/** What a blob turned out to be. */
export interface CheckedBlob {
  readonly digest: string;
  readonly diffId: string;
  readonly compression: Compressed["kind"];
}

/** From a rewriting thread to the main thread. */
export type RewriteResult =
  | { readonly kind: "blobs"; readonly blobs: readonly RewrittenBlob[] }
  | { readonly kind: "checked"; readonly blob: CheckedBlob }
  | { readonly kind: "sums"; readonly sums: NewContentSums }
  | { readonly kind: "pointers"; readonly pointers: ReadonlyMap<number, DevicePointers | UnprovenPointers> }
  | { readonly kind: "error"; readonly error: ThreadError };
