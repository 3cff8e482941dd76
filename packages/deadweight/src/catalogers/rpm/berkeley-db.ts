// Layout: Berkeley DB's src/dbinc/db_page.h, a hash database as rpm 4 keeps in `Packages`. Numbers have the byte order of the
// machine that wrote them, which the magic tells. Page 0 is the metadata page:
//   12 u32 magic 0x61561   20 u32 page size   24 u8 encryption   25 u8 type 8   26 u8 flags, 1 checksums   32 u32 last page
// Every other page begins with:
//   16 u32 next page   20 u16 items on the page   22 u16 used bytes of an overflow page   25 u8 type   26 u16 offsets of items
// Pages of type 2 and 13 hold pairs of items, key and value; items are packed from the end of the page, so that each ends
// where the one before begins. An item's first byte is its kind: 1 the bytes follow, 3 a value on overflow pages (type 7):
//   4 u32 first page   8 u32 bytes in all
import { UserError } from "../../lib/user-error.ts";

const magic = 0x061561;
const headerBytes = 26;
const mostValueBytes = 256 * 1024 * 1024;

interface Database {
  readonly bytes: Buffer;
  readonly pageBytes: number;
  /** Pages in the file, the metadata page included. */
  readonly pages: number;
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  /** Overflow pages that a value has taken: none is part of two, nor twice of one. */
  readonly taken: Uint8Array;
}

/**
 * The values of a hash database under other keys than 0, where rpm counts. A value that can't be read is told to `report`.
 * Throws UserError `unreadable` when it is no such database.
 */
export function* parseBerkeleyDb(file: Uint8Array, report: (message: string) => void): Generator<Uint8Array> {
  const database = openDatabase(file, report);
  for (let page = 1; page < database.pages; page++) {
    const type = database.bytes[page * database.pageBytes + 25];
    if (type !== 2 && type !== 13) continue;
    const items = database.u16(page * database.pageBytes + 20);
    if (headerBytes + 2 * items > database.pageBytes)
      report(`cannot read page ${page}: ${items} items can't be in ${database.pageBytes} bytes`);
    else yield* pageValues(database, page, items, report);
  }
}

function openDatabase(file: Uint8Array, report: (message: string) => void): Database {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  if (bytes.length < 512) throw broken(`only ${bytes.length} bytes`);
  const isLittle = bytes.readUInt32LE(12) === magic;
  if (!isLittle && bytes.readUInt32BE(12) !== magic) throw broken("no hash database");
  const u16 = (at: number): number => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number): number => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const pageBytes = u32(20);
  if (pageBytes < 512 || pageBytes > 65536 || !Number.isInteger(Math.log2(pageBytes)))
    throw broken(`pages of ${pageBytes} bytes`);
  if (bytes[24] !== 0 || ((bytes[26] ?? 0) & 1) !== 0) throw broken("encrypted or with checksums, which rpm never makes");
  const declared = u32(32) + 1;
  const pages = Math.min(declared, Math.floor(bytes.length / pageBytes));
  if (pages < declared) report(`cannot read pages ${pages} to ${declared - 1}: the file ends before`);
  return { bytes, pageBytes, pages, u16, u32, taken: new Uint8Array(pages) };
}

function* pageValues(database: Database, page: number, items: number, report: (message: string) => void): Generator<Uint8Array> {
  let end = database.pageBytes;
  for (let index = 0; index + 1 < items; index += 2) {
    const key = item(database, page, index, end);
    const value = key && item(database, page, index + 1, key.start);
    if (key === undefined || value === undefined) {
      // Where one item lies nowhere, so do those after it.
      report(`cannot read page ${page} from item ${index} on: its items are not where they could be`);
      return;
    }
    end = value.start;
    if (key.content.subarray(1).every((byte) => byte === 0)) continue;
    const found = value.content[0] === 1 ? value.content.subarray(1) : overflowValue(database, value.content);
    if (typeof found === "string") report(`cannot read item ${index} of page ${page}: ${found}`);
    else yield found;
  }
}

/** The item whose bytes end at `end` of its page; undefined when it can't begin where the page says. */
function item(database: Database, page: number, index: number, end: number): { start: number; content: Buffer } | undefined {
  const { bytes, pageBytes, u16 } = database;
  const start = u16(page * pageBytes + headerBytes + 2 * index);
  if (start < headerBytes || start >= end) return undefined;
  return { start, content: bytes.subarray(page * pageBytes + start, page * pageBytes + end) };
}

/** The value on overflow pages, or why it can't be read. */
function overflowValue(database: Database, reference: Buffer): Uint8Array | string {
  const { bytes, pageBytes, pages, u16, u32, taken } = database;
  if (reference[0] !== 3 || reference.length < 12) return `it is of kind ${reference[0]} and has ${reference.length} bytes`;
  const at = reference.byteOffset - bytes.byteOffset;
  const total = u32(at + 8);
  if (total > mostValueBytes) return `it claims ${total} bytes`;
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let page = u32(at + 4); length < total; page = u32(page * pageBytes + 16)) {
    if (page === 0 || page >= pages || taken[page] === 1) return `its overflow pages lead to page ${page}`;
    taken[page] = 1;
    const start = page * pageBytes;
    const used = u16(start + 22);
    if (bytes[start + 25] !== 7 || used === 0 || headerBytes + used > pageBytes) return `page ${page} is no overflow page`;
    parts.push(bytes.subarray(start + headerBytes, start + headerBytes + used));
    length += used;
  }
  return length === total ? Buffer.concat(parts) : `${length} bytes on its overflow pages, not ${total}`;
}

function broken(why: string): UserError {
  return new UserError("unreadable", `cannot read a Berkeley DB: ${why}`);
}
