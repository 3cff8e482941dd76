import type { Digest } from "./digest.ts";
import type { Platform } from "./platform.ts";

/** An OCI content descriptor, as a manifest or an index holds it. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Where a foreign layer lies outside the store. Never fetched: stores refuse a descriptor that has some. */
  readonly urls?: readonly string[];
}

/** Bytes of a blob that can be had: part of a local file, or a stream that can be opened again. */
export type BlobBytes =
  | { readonly kind: "file"; readonly path: string; readonly offset: number; readonly size: number }
  | {
      readonly kind: "stream";
      /** The compressed size that the manifest gives. */
      readonly size: number;
      readonly open: () => AsyncIterable<Uint8Array>;
    };

/** One row of an image's history, as the config holds it. */
export interface HistoryRow {
  readonly created?: string;
  readonly createdBy?: string;
  readonly comment?: string;
  readonly author?: string;
  readonly emptyLayer: boolean;
}

/** The part of an image config that is read here; the raw bytes stay beside it. */
export interface ImageConfig {
  readonly platform: Platform;
  readonly created?: string;
  readonly diffIds: readonly Digest[];
  readonly history: readonly HistoryRow[];
  readonly environment: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string;
  readonly workingDirectory: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One layer of an image: what the manifest says of it, and where its bytes are. */
export interface Layer {
  /** Place in the image, the lowest is 0. */
  readonly index: number;
  /** Digest of the blob as stored; undefined where the store does not say (docker-archive), known after reading. */
  readonly digest: Digest | undefined;
  readonly diffId: Digest;
  readonly mediaType: string;
  readonly blob: BlobBytes;
  /** The history row that made it; undefined when rows and layers don't match. */
  readonly history: HistoryRow | undefined;
}

/** A whole image, checked for its form: manifest, config and layers agree, and each digest that is known has been checked but the layers'. */
export interface Image {
  readonly reference: string;
  /** Digest of the manifest; of the config where there is no manifest (docker-archive): what `docker images` calls the id. */
  readonly digest: Digest;
  readonly config: ImageConfig;
  readonly annotations: Readonly<Record<string, string>>;
  readonly layers: readonly Layer[];
  readonly manifestBytes: Uint8Array | undefined;
  readonly configBytes: Uint8Array;
}
