import type { ByteString } from "../lib/byte-string.ts";

/** What the loader reads of an ELF file: names of libraries, where to look for them, versions and symbols. */
export interface ElfNeeds {
  /** 32 or 64 bits, and the number of the machine: libraries are taken from files of the same alone. */
  readonly machine: string;
  /** The loader that the kernel starts for a program. */
  readonly interpreter?: ByteString;
  readonly soname?: ByteString;
  readonly needed: readonly ByteString[];
  /** Folders as they stand, `$ORIGIN` and all. */
  readonly rpath: readonly ByteString[];
  readonly runpath: readonly ByteString[];
  /** Names of versions by the library that must have them, weak ones left out. */
  readonly versionsNeeded: readonly (readonly [library: ByteString, versions: readonly ByteString[]])[];
  readonly versions: readonly ByteString[];
  /** Hashes of the names of symbols that it has for others, ascending; and of those that it must get. */
  readonly defined: Uint32Array;
  readonly undefined: Uint32Array;
  /** Whether all this could be seen in the bytes that are kept while the file goes by. */
  readonly isWhole: boolean;
}

/** What the files of one layer ask of others when they run, by entry. */
export interface LayerPrograms {
  readonly elf: ReadonlyMap<number, ElfNeeds>;
  /** First lines of scripts, without `#!`. */
  readonly shebangs: ReadonlyMap<number, ByteString>;
  /**
   * What a file names. Of an ELF file libraries and absolute paths among its constants; of a shell script its words; of Python
   * modules what they import: `!` before what is imported at once, `?` in a block, `~` in a function, `^` where
   * it can do without.
   */
  readonly mentions: ReadonlyMap<number, readonly ByteString[]>;
  /** Hashes of the certificates in PEM files. */
  readonly certificates: ReadonlyMap<number, Uint32Array>;
  /** Whether more was there than is kept of one layer. */
  readonly isCut: boolean;
}
