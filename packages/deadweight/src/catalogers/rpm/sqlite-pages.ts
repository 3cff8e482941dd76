// Layout: sqlite.org/fileformat2.html, sections 1.3 and 4. The database header is at the beginning of page 1:
//   0 "SQLite format 3\0"   16 u16 page size, 1 for 65536   20 u8 bytes unused at the end of each page
// Write-ahead log, all numbers big-endian u32; the checksum of a frame goes on from the one before:
//   0 magic 0x377f0682, or 3 at its end when checksums are over big-endian words   8 page size   16 two salts   24 two checksums
//   frames from 32: 0 page number   4 pages of the database after this commit, 0 within one   8 two salts   16 two checksums   24 the page
// SQLite itself is not used: it follows page numbers without looking for cycles, and 40 KiB can keep it busy for hours.
import { UserError } from "../../lib/user-error.ts";

const headerMagic = "SQLite format 3\0";
const logHeaderBytes = 32;
const frameHeaderBytes = 24;

/** The pages of a database as its last commit left them. */
export interface SqlitePages {
  readonly pageBytes: number;
  /** Bytes of a page that hold content. */
  readonly usableBytes: number;
  /** Bytes of the file and its log. */
  readonly bytes: number;
  /** A page by its number, from 1; undefined where there is none. */
  readonly page: (number: number) => Buffer | undefined;
}

/** The pages of a database file with what its write-ahead log adds. Throws UserError `unreadable` when it is no database. */
export function openSqlitePages(file: Uint8Array, log: Uint8Array | undefined): SqlitePages {
  const main = Buffer.from(file.buffer, file.byteOffset, file.length);
  const committed = log === undefined ? undefined : committedPages(Buffer.from(log.buffer, log.byteOffset, log.length));
  const header = committed?.pages.get(1) ?? main;
  if (header.length < 100 || header.toString("latin1", 0, 16) !== headerMagic) throw broken("no SQLite database");
  const pageBytes = header.readUInt16BE(16) === 1 ? 65536 : header.readUInt16BE(16);
  const usableBytes = pageBytes - (header[20] ?? 0);
  if (!isPageSize(pageBytes) || usableBytes < 480) throw broken(`pages of ${pageBytes} bytes of which ${usableBytes} are used`);
  if (committed !== undefined && committed.pages.size > 0 && committed.pageBytes !== pageBytes) {
    throw broken(`pages of ${pageBytes} bytes, but of ${committed.pageBytes} in its log`);
  }
  const whole = Math.floor(main.length / pageBytes);
  return {
    pageBytes,
    usableBytes,
    bytes: main.length + (log?.length ?? 0),
    page: (number) =>
      committed?.pages.get(number) ??
      (number >= 1 && number <= whole ? main.subarray((number - 1) * pageBytes, number * pageBytes) : undefined),
  };
}

interface CommittedPages {
  readonly pageBytes: number;
  readonly pages: ReadonlyMap<number, Buffer>;
}

/** The newest version of each page up to the last commit; frames after the first one that does not fit are not SQLite's. */
function committedPages(log: Buffer): CommittedPages {
  const pages = new Map<number, Buffer>();
  if (log.length < logHeaderBytes) return { pageBytes: 0, pages };
  const pageBytes = log.readUInt32BE(8);
  const isBigEndian = log.readUInt32BE(0) === 0x377f0683;
  let sum = checksum(log.subarray(0, 24), isBigEndian, [0, 0]);
  const isHeaderSound = isBigEndian || log.readUInt32BE(0) === 0x377f0682;
  if (!isHeaderSound || !isPageSize(pageBytes) || !hasSum(log, 24, sum)) return { pageBytes, pages };
  let open = new Map<number, Buffer>();
  for (let at = logHeaderBytes; at + frameHeaderBytes + pageBytes <= log.length; at += frameHeaderBytes + pageBytes) {
    const page = log.subarray(at + frameHeaderBytes, at + frameHeaderBytes + pageBytes);
    sum = checksum(page, isBigEndian, checksum(log.subarray(at, at + 8), isBigEndian, sum));
    if (log.compare(log, 16, 24, at + 8, at + 16) !== 0 || !hasSum(log, at + 16, sum)) break;
    open.set(log.readUInt32BE(at), page);
    if (log.readUInt32BE(at + 4) === 0) continue;
    for (const [number, content] of open) pages.set(number, content);
    open = new Map();
  }
  return { pageBytes, pages };
}

type Sum = readonly [number, number];

/** The log's checksum over pairs of words, added modulo 2^32. */
function checksum(bytes: Buffer, isBigEndian: boolean, [first, second]: Sum): Sum {
  let [a, b] = [first, second];
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    a = (a + (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) >>> 0;
    b = (b + (isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) >>> 0;
  }
  return [a, b];
}

function hasSum(log: Buffer, at: number, [first, second]: Sum): boolean {
  return log.readUInt32BE(at) === first && log.readUInt32BE(at + 4) === second;
}

function isPageSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= 65536 && Number.isInteger(Math.log2(bytes));
}

function broken(why: string): UserError {
  return new UserError("unreadable", `cannot read an SQLite database: ${why}`);
}
