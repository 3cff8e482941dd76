import type { WantedFile } from "../../contracts/cataloger.ts";
import type { ByteString } from "../../lib/byte-string.ts";
import type { CatalogDraft } from "../system/catalog-draft.ts";
import type { InstalledPackage } from "./status.ts";

/** dpkg's folder, without leading slash. */
export const dpkgFolder = "var/lib/dpkg";

/** Most bytes of one of dpkg's files: the largest systems have status files of 10 MB. */
export const mostDpkgBytes: number = 64 * 1024 * 1024;

/** dpkg's files by path, and where to put what is wrong with them. */
export interface DpkgFiles {
  readonly byPath: ReadonlyMap<ByteString, WantedFile>;
  readonly draft: CatalogDraft;
}

/** An installed package with the files that say what it owns. */
export interface Installation {
  readonly installed: InstalledPackage;
  /** The file that lists its paths; the one that names the package where there is none. */
  readonly source: WantedFile;
  /** Read when asked for, so that one list is in memory at a time. */
  readonly paths: () => Iterable<ByteString>;
  /** Its own files in dpkg's folder. */
  readonly own: readonly ByteString[];
}
