import type { BlobBytes, Descriptor } from "../model/image.ts";
import type { Platform } from "../model/platform.ts";

/** Bytes with what is claimed of them; `image/complete.ts` checks the claim. */
export interface StoredBytes {
  readonly bytes: Uint8Array;
  readonly mediaType?: string;
  readonly digest?: string;
  readonly size?: number;
}

/** An image that a store holds by its manifest or index: OCI layouts and registries. */
export interface ManifestSource {
  readonly kind: "manifest";
  readonly reference: string;
  readonly root: StoredBytes;
  /** A manifest or index that the root leads to. At most `Limits.manifestBytes`. */
  readonly manifest: (descriptor: Descriptor) => Promise<Uint8Array>;
  /** A config or layer blob. */
  readonly blob: (descriptor: Descriptor) => Promise<BlobBytes>;
  readonly close: () => Promise<void>;
}

/** An image without a manifest: what `docker save` wrote before Docker 25. */
export interface ArchiveSource {
  readonly kind: "archive";
  readonly reference: string;
  readonly config: StoredBytes;
  /** Lowest first. */
  readonly layers: readonly BlobBytes[];
  readonly close: () => Promise<void>;
}

/** An image as a store supplies it. */
export type ImageSource = ManifestSource | ArchiveSource;

/** What a store may use of the world outside. */
export interface OpenOptions {
  readonly platform: Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A folder of this run's own, removed at its end. */
  readonly temporaryFolder: string;
  readonly signal: AbortSignal;
  /** Registries that may be spoken to without TLS, or `true` for all. Loopback always may. */
  readonly insecure: readonly string[] | true;
  /** Bytes done of bytes expected, for progress; called seldom enough to print. */
  readonly onProgress?: (label: string, done: number, total: number | undefined) => void;
}

/** A blob of an image that is written, with its descriptor. */
export interface OutgoingBlob {
  readonly descriptor: Descriptor;
  readonly bytes: BlobBytes;
  /** Where a registry may already have it, as `host/repository`: mounted instead of uploaded. */
  readonly mountFrom?: string;
}

/** One platform's image, as it is written. */
export interface OutgoingImage {
  readonly manifest: { readonly descriptor: Descriptor; readonly bytes: Uint8Array };
  readonly config: { readonly descriptor: Descriptor; readonly bytes: Uint8Array };
  /** Lowest first. */
  readonly layers: readonly (OutgoingBlob & { readonly diffId: string })[];
}

/** What is written: one image, or several under an index. Digests and sizes are right: `image/` made them. */
export interface Outgoing {
  readonly images: readonly OutgoingImage[];
  /** Indexes between the images and the one above all, the innermost first. */
  readonly innerIndexes?: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
  /** The index above them; absent for one image without. */
  readonly index?: { readonly descriptor: Descriptor; readonly bytes: Uint8Array };
}

export interface WriteOptions extends Omit<OpenOptions, "platform"> {
  /** Whether what is there already may be replaced; it is kept until the new one is whole. */
  readonly force: boolean;
}

/** A place where images live. */
export interface Store {
  /** What stands before the colon of a reference: `oci-archive`. */
  readonly scheme: string;
  /** One line for the help. */
  readonly summary: string;
  /** Opens what stands after the colon. Throws UserError: code `not-found`, `unauthorized`, `unreadable`, … */
  readonly open: (name: string, options: OpenOptions) => Promise<ImageSource>;
  /**
   * Writes an image under a name: aside, then moved into place, so that a stop half-way leaves nothing half-written. Throws UserError
   * `exists` when something is there and `force` is not given. Gives the reference under which it can be opened again.
   */
  readonly write?: (name: string, outgoing: Outgoing, options: WriteOptions) => Promise<string>;
  /** For a bare reference: whether the file or folder looks like one of this store's. */
  readonly recognises?: (path: string) => Promise<boolean>;
}

/** Declares a store; the identity function, for its type. */
export function defineStore(store: Store): Store {
  return store;
}
