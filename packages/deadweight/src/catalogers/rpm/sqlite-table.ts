// Layout: sqlite.org/fileformat2.html, sections 1.6 and 2.1. A page of a table, on page 1 after the 100 bytes of the database's
// header: 0 u8 type, 5 interior or 13 leaf   3 u16 cells   8 u32 last child (interior alone); then a u16 offset for each cell.
// Interior cell: u32 child, varint key. Leaf cell: varint bytes of the row, varint key, the row's beginning, and where it does
// not fit, u32 first overflow page. Overflow page: u32 next page, then the row's bytes. Row: varint bytes of the row's header,
// which has a varint for the type of each column, then their values. Types: 0 null, 1 to 6 integers of 1, 2, 3, 4, 6, 8 bytes,
// 7 a float, 8 and 9 the integers 0 and 1, even from 12 a blob of (n - 12) / 2 bytes, odd from 13 a text of (n - 13) / 2.
import type { SqlitePages } from "./sqlite-pages.ts";

const integerBytes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];
const mostColumns = 100;
// SQLite's BTCURSOR_MAX_DEPTH.
const mostDepth = 20;

/** A column's value as stored; undefined for null. Integers are numbers. */
type SqliteValue = Buffer | number | undefined;

/** The columns of a row; those that were added to the table after it are missing. */
export type SqliteRow = readonly SqliteValue[];

interface Walk {
  readonly pages: SqlitePages;
  readonly report: (message: string) => void;
  /** Pages that were part of something: none is twice. */
  readonly taken: Set<number>;
  /** Rows that share bytes could go on for ever: all together have no more than the file. */
  bytesLeft: number;
}

/** The rows of a table, in the order of their keys. What can't be read is told to `report`. */
export function* readSqliteTable(pages: SqlitePages, root: number, report: (message: string) => void): Generator<SqliteRow> {
  yield* subtreeRows({ pages, report, taken: new Set(), bytesLeft: pages.bytes }, root, 1);
}

function* subtreeRows(walk: Walk, number: number, depth: number): Generator<SqliteRow> {
  const page = depth > mostDepth ? undefined : takePage(walk, number);
  const start = number === 1 ? 100 : 0;
  const type = page?.[start];
  if (page === undefined || (type !== 5 && type !== 13)) {
    walk.report(`cannot read page ${number}: missing, of another kind, in two places or too deep`);
    return;
  }
  const cells = page.readUInt16BE(start + 3);
  const headerEnd = start + (type === 5 ? 12 : 8);
  if (headerEnd + 2 * cells > page.length) walk.report(`cannot read page ${number}: ${cells} cells`);
  else if (type === 13) yield* leafRows(walk, page, headerEnd, cells);
  else for (const child of childrenOf(page, start, cells)) yield* subtreeRows(walk, child, depth + 1);
}

function takePage({ pages, taken }: Walk, number: number): Buffer | undefined {
  if (taken.has(number)) return undefined;
  taken.add(number);
  return pages.page(number);
}

function childrenOf(page: Buffer, start: number, cells: number): number[] {
  const children: number[] = [];
  for (let index = 0; index < cells; index++) {
    const at = page.readUInt16BE(start + 12 + 2 * index);
    children.push(at + 4 <= page.length ? page.readUInt32BE(at) : 0);
  }
  return [...children, page.readUInt32BE(start + 8)];
}

function* leafRows(walk: Walk, page: Buffer, headerEnd: number, cells: number): Generator<SqliteRow> {
  for (let index = 0; index < cells; index++) {
    const payload = readPayload(walk, page, page.readUInt16BE(headerEnd + 2 * index));
    const row = typeof payload === "string" ? payload : parseRow(payload);
    if (typeof row === "string") walk.report(`cannot read a row: ${row}`);
    else yield row;
  }
}

/** The bytes of a row, or why they can't be read. */
function readPayload(walk: Walk, page: Buffer, cell: number): Buffer | string {
  const { usableBytes } = walk.pages;
  const [length, keyAt] = readVarint(page, cell);
  const [, start] = readVarint(page, keyAt);
  const local = localBytes(length, usableBytes);
  if (length > walk.bytesLeft || start + local > usableBytes) return `${length} bytes, ${local} of them at ${start} of its page`;
  walk.bytesLeft -= length;
  const parts = [page.subarray(start, start + local)];
  if (local === length) return parts[0] ?? "nothing";
  if (start + local + 4 > page.length) return "its overflow page is not named";
  let next = page.readUInt32BE(start + local);
  for (let left = length - local; left > 0; left -= usableBytes - 4) {
    const overflow = next === 0 ? undefined : takePage(walk, next);
    if (overflow === undefined) return `its overflow pages lead to page ${next}`;
    parts.push(overflow.subarray(4, Math.min(usableBytes, 4 + left)));
    next = overflow.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

/** How many bytes of a row lie on its leaf page. */
function localBytes(length: number, usableBytes: number): number {
  const most = usableBytes - 35;
  if (length <= most) return length;
  const least = Math.floor(((usableBytes - 12) * 32) / 255) - 23;
  const fitting = least + ((length - least) % (usableBytes - 4));
  return fitting <= most ? fitting : least;
}

function parseRow(row: Buffer): SqliteRow | string {
  const [headerEnd, firstType] = readVarint(row, 0);
  if (headerEnd > row.length) return `a header of ${headerEnd} bytes`;
  const values: SqliteValue[] = [];
  let at = headerEnd;
  for (let typeAt = firstType; typeAt < headerEnd && values.length < mostColumns;) {
    const [type, nextType] = readVarint(row, typeAt);
    const length = type < 12 ? (integerBytes[type] ?? 0) : Math.floor((type - 12) / 2);
    if (at + length > row.length) return `a column of ${length} bytes at ${at} of ${row.length}`;
    values.push(valueOf(row.subarray(at, at + length), type));
    at += length;
    typeAt = nextType;
  }
  return values;
}

function valueOf(bytes: Buffer, type: number): SqliteValue {
  if (type >= 12) return bytes;
  if (type === 8 || type === 9) return type - 8;
  return type === 0 || bytes.length === 0 || bytes.length > 6 ? undefined : bytes.readIntBE(0, bytes.length);
}

/** A number of up to nine bytes, seven bits in each but the ninth, and where it ends. Past the end of the bytes are zeros. */
function readVarint(bytes: Buffer, start: number): readonly [value: number, end: number] {
  let value = 0;
  for (let index = 0; index < 8; index++) {
    const byte = bytes[start + index] ?? 0;
    value = value * 128 + (byte % 128);
    if (byte < 128) return [value, start + index + 1];
  }
  return [value * 256 + (bytes[start + 8] ?? 0), start + 9];
}
