import type { ByteString } from "../lib/byte-string.ts";
import type { ComponentKind } from "../model/report.ts";

/** Which files' bytes the layer reader keeps for a cataloger in its single pass. Plain data: it crosses into a worker. */
export interface Want {
  /** Exact base names; or */
  readonly names?: readonly string[];
  /** endings of the base name, such as `.list`. */
  readonly endings?: readonly string[];
  /** What the whole path (a byte string without leading slash) must match as well; without names and endings, it alone decides. */
  readonly path?: RegExp;
  /** Keep at most this many bytes from the beginning; the whole file when absent (bounded by `Limits.capturedFileBytes`). */
  readonly head?: number;
}

/** A captured file as a cataloger sees it. */
export interface WantedFile {
  readonly path: ByteString;
  /** Index of the layer that holds it. */
  readonly layer: number;
  /** Size of the whole file. */
  readonly size: number;
  /** Whether this layer, not one below, brought it. */
  readonly isNew: boolean;
  /** What was kept of it. Throws UserError when the file is larger than the limits. */
  readonly bytes: () => Uint8Array;
  /** A path on this machine that holds a copy of it, made when needed; for databases that must be opened by path. */
  readonly localCopy: () => string;
}

/** A package (or model, or cache) with what it owns. */
export interface Package {
  readonly kind: ComponentKind;
  readonly name: string;
  readonly version?: string;
  /** How a CUDA part got there: `toolkit`, `wheel`, `conda`; for a model its kind, dtypes and parameters in words. */
  readonly origin?: string;
  /** Paths that it owns, files and folders, without leading slash. Names that are not in the image do no harm. */
  readonly paths: readonly ByteString[];
  /**
   * Folders that it owns with all below, unless another package owns that more specifically; also files that are its own only
   * when nobody names them in `paths`. They are patterns as `FileTree.glob` has them.
   */
  readonly folders?: readonly ByteString[];
  /** Names of packages that it needs, of the same kind, alternatives dropped. */
  readonly requires?: readonly string[];
  /** The package manager refuses to remove it: dpkg's Essential or Protected, and priority required. */
  readonly essential?: boolean;
  /** Installed only because another needs it. */
  readonly automatic?: boolean;
  /** Only its application's developers need it: npm's devDependencies, and what these alone need. */
  readonly development?: boolean;
  /** The archive's section: `devel`, `libdevel`, `doc`. */
  readonly section?: string;
  /** What the database says of its size, in bytes: never used as a measurement. */
  readonly declaredBytes?: number;
}

/** What a cataloger found, and which database it could not read. */
export interface Catalog {
  readonly packages: readonly Package[];
  readonly problems?: readonly { readonly path: ByteString; readonly layer: number; readonly message: string }[];
}

/** Reads one kind of package database. */
export interface Cataloger {
  readonly name: string;
  readonly wants: readonly Want[];
  /**
   * Which of two owners of the same file wins: the higher. A model or CUDA part is more specific than the package that
   * brought it, that than the folder it lies in.
   */
  readonly precedence: number;
  /**
   * The packages that a container would show if the image ended at one layer. Called for each layer that changed a wanted
   * file, with all wanted files that are visible there, in path order. Throws nothing for bad input: it gives problems.
   */
  readonly catalog: (files: readonly WantedFile[]) => Catalog;
}

/** Declares a cataloger; the identity function, for its type. */
export function defineCataloger(cataloger: Cataloger): Cataloger {
  return cataloger;
}
