// Layout: rpm's lib/header.c and docs/manual/format.md, "Header structure", without the magic. All numbers are big-endian:
//   0  u32 count of index entries   4  u32 bytes of data
//   8  entries of 16 bytes: u32 tag, u32 type, u32 offset in the data, u32 count
//      then the data
// Types: 4 u32, 5 u64, 6 string, 8 array of strings, 9 translated string; a string ends with a zero byte. Entries after the
// immutable region replace those of the same tag in it.
import { byteStringOf, textOf, type ByteString } from "../../lib/byte-string.ts";
import { asSize } from "../../lib/integer.ts";
import { UserError } from "../../lib/user-error.ts";

/** What is read of an installed package's header. */
export interface RpmHeader {
  readonly name: string;
  /** `[epoch:]version-release`. */
  readonly version: string;
  readonly architecture: string;
  readonly declaredBytes: number | undefined;
  /** A file is `directories[directoryIndexes[i]]` followed by `baseNames[i]`. */
  readonly baseNames: readonly ByteString[];
  readonly directoryIndexes: readonly number[];
  readonly directories: readonly ByteString[];
  readonly provides: readonly string[];
  readonly requires: readonly string[];
}

// rpm's include/rpm/rpmtag.h.
const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  size: 1009,
  architecture: 1022,
  provides: 1047,
  requires: 1049,
  directoryIndexes: 1116,
  baseNames: 1117,
  directories: 1118,
  longSize: 5009,
} as const;
const wanted: ReadonlySet<number> = new Set(Object.values(tags));

const stringTypes: ReadonlySet<number> = new Set([6, 8, 9]);
const mostEntries = 0xffff;
const mostValues = 1_000_000;
const mostNameLength = 1000;

interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

/** Parses the header blob of an rpm database. Throws UserError `unreadable` when a count, an offset or a type in it can't be. */
export function parseHeader(blob: Uint8Array): RpmHeader {
  const { entries, data } = parseIndex(blob);
  const strings = (tag: number): ByteString[] => readStrings(data, entries.get(tag));
  const numbers = (tag: number): number[] => readNumbers(data, entries.get(tag));
  const text = (tag: number): string => textOf(strings(tag)[0] ?? "");
  const name = text(tags.name);
  if (name === "" || name.length > mostNameLength) throw broken(`a name of ${name.length} characters`);
  const epoch = numbers(tags.epoch)[0];
  return {
    name,
    version: `${epoch === undefined ? "" : `${epoch}:`}${text(tags.version)}-${text(tags.release)}`,
    architecture: text(tags.architecture),
    declaredBytes: asSize(numbers(tags.longSize)[0] ?? numbers(tags.size)[0]),
    baseNames: strings(tags.baseNames),
    directoryIndexes: numbers(tags.directoryIndexes),
    directories: strings(tags.directories),
    provides: strings(tags.provides).map(textOf),
    requires: strings(tags.requires).map(textOf),
  };
}

function parseIndex(blob: Uint8Array): { readonly entries: ReadonlyMap<number, Entry>; readonly data: Buffer } {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.length);
  if (bytes.length < 8) throw broken(`only ${bytes.length} bytes`);
  const count = bytes.readUInt32BE(0);
  const dataStart = 8 + 16 * count;
  const dataEnd = dataStart + bytes.readUInt32BE(4);
  if (count > mostEntries || dataEnd > bytes.length) throw broken(`${count} entries end at ${dataEnd} of ${bytes.length} bytes`);
  const entries = new Map<number, Entry>();
  for (let at = 8; at < dataStart; at += 16) {
    const tag = bytes.readUInt32BE(at);
    if (!wanted.has(tag)) continue;
    entries.set(tag, {
      type: bytes.readUInt32BE(at + 4),
      offset: bytes.readUInt32BE(at + 8),
      count: bytes.readUInt32BE(at + 12),
    });
  }
  return { entries, data: bytes.subarray(dataStart, dataEnd) };
}

function readStrings(data: Buffer, entry: Entry | undefined): ByteString[] {
  if (entry === undefined) return [];
  if (!stringTypes.has(entry.type) || entry.count > mostValues) throw broken(`${entry.count} strings of type ${entry.type}`);
  const strings: ByteString[] = [];
  let start = entry.offset;
  while (strings.length < entry.count) {
    const end = start < data.length ? data.indexOf(0, start) : -1;
    if (end < 0) throw broken(`a string at ${start} has no end in ${data.length} bytes`);
    strings.push(byteStringOf(data, start, end));
    start = end + 1;
  }
  return strings;
}

function readNumbers(data: Buffer, entry: Entry | undefined): number[] {
  if (entry === undefined) return [];
  const { type, offset, count } = entry;
  const width = type === 4 ? 4 : 8;
  if ((type !== 4 && type !== 5) || count > mostValues) throw broken(`${count} numbers of type ${type}`);
  if (offset + width * count > data.length) throw broken(`${count} numbers at ${offset} end after ${data.length} bytes`);
  return Array.from({ length: count }, (_, index) => {
    const at = offset + width * index;
    return type === 4 ? data.readUInt32BE(at) : data.readUInt32BE(at) * 2 ** 32 + data.readUInt32BE(at + 4);
  });
}

function broken(why: string): UserError {
  return new UserError("unreadable", `cannot read a package header: ${why}`);
}
