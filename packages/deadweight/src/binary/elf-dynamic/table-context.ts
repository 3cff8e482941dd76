import type { ByteString } from "../../lib/byte-string.ts";

/** Gives bytes of a file; undefined where they were not kept. */
export type ReadAt = (offset: number, size: number) => Uint8Array | undefined;

/** How numbers of an ELF file are stored. */
export interface ElfForm {
  readonly wide: boolean;
  readonly little: boolean;
}

/** How the tables of one file are read. */
export interface TableContext {
  readonly form: ElfForm;
  readonly read: ReadAt;
  /** A text of the file's string table. */
  readonly textAt: (offset: number) => ByteString | undefined;
}
