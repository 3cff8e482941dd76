import type { ByteString } from "../lib/byte-string.ts";
import type { DeviceTable } from "./device-table.ts";
import type { LayerPrograms } from "./layer-programs.ts";
import type { PathTable } from "./path-table.ts";

/** What a stored entry is. Whiteouts are entries of their own type: `.wh.name`, and `.wh..wh..opq` for an opaque folder. */
export const entryTypes = [
  "file",
  "hardlink",
  "symlink",
  "character-device",
  "block-device",
  "directory",
  "fifo",
  "whiteout",
  "opaque",
] as const;
export type EntryType = (typeof entryTypes)[number];

/** Non-loaded sections of an ELF file that strip would drop: name, offset in the file and size. */
export interface ElfSection {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** The headers of an ELF file that has sections for debuggers, or device code: by them transforms know what may go. */
export interface ElfOutline {
  /** From the beginning of the file: the ELF header and the program headers. */
  readonly head: Uint8Array;
  /** The section headers. */
  readonly sections: Uint8Array;
  /** The names of sections. */
  readonly names: Uint8Array;
  /** Where in the file the first section begins that is not loaded. */
  readonly unloadedStart: number;
  /** What the layer's blob has for the file from there to its end. */
  readonly unloadedCompressedBytes: number;
}

/** A file whose bytes were kept while the layer went by, because a cataloger wants it. */
export interface CapturedFile {
  readonly entry: number;
  /** The file's beginning; the whole file when `bytes.length` equals its size. Undefined when it went to `spooled`. */
  readonly bytes?: Uint8Array;
  /** A temporary copy of a file too large to hold in memory. */
  readonly spooled?: string;
}

/**
 * What one layer stores, in columns by entry in the order of the archive: about 90 bytes an entry.
 * Entry `i` takes the uncompressed bytes `starts[i]` to `starts[i + 1]` (its headers, PAX records, content and padding); the
 * last span, from `starts[count]` to `tarBytes`, is the end of the archive. `compressedStarts` are the same borders in the blob.
 */
export interface LayerIndex {
  readonly digest: string;
  readonly diffId: string;
  /** How the blob is compressed, as its first bytes say. */
  readonly compression: "none" | "gzip" | "zstd";
  readonly tarBytes: number;
  readonly compressedBytes: number;
  readonly count: number;
  readonly paths: PathTable;
  /** Node in `paths`; for a whiteout that of the name it hides, for an opaque marker that of the folder. */
  readonly path: Uint32Array;
  /** Place in `entryTypes`. */
  readonly type: Uint8Array;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: Uint16Array;
  readonly uid: Float64Array;
  readonly gid: Float64Array;
  /** Seconds since 1970, with the fraction. */
  readonly mtime: Float64Array;
  /** Content size; for a sparse file the size that a container sees. */
  readonly size: Float64Array;
  /** Stored content bytes: smaller than `size` for a sparse file alone. */
  readonly storedSize: Float64Array;
  /** `count + 1` borders. */
  readonly starts: Float64Array;
  readonly compressedStarts: Float64Array;
  /** sha256 of the content of entry `i` at `32 * i`; zeros for what has no content. A sparse file's is over its stored bytes. */
  readonly hashes: Uint8Array;
  /** Hard link: node in `paths` of its target. */
  readonly linkNode: Uint32Array;
  /** Symlink targets by entry. */
  readonly symlinks: ReadonlyMap<number, ByteString>;
  /** Extended attributes by entry, values are bytes. */
  readonly xattrs: ReadonlyMap<number, ReadonlyMap<string, ByteString>>;
  /** Device numbers by entry. */
  readonly devices: ReadonlyMap<number, readonly [major: number, minor: number]>;
  readonly elf: ReadonlyMap<number, readonly ElfSection[]>;
  readonly elfOutlines: ReadonlyMap<number, ElfOutline>;
  /** Device code of ELF files, by entry. */
  readonly deviceCode: ReadonlyMap<number, DeviceTable>;
  readonly captures: readonly CapturedFile[];
  /** What files ask of others when they run; read when it is asked for. */
  readonly programs?: LayerPrograms;
  /** What is legal but odd in the archive, for the report. */
  readonly oddities: readonly { readonly entry: number; readonly message: string }[];
}
