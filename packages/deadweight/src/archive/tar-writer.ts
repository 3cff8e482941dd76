import { bytesOf, type ByteString } from "../lib/byte-string.ts";
import { blockSize } from "./tar-header.ts";

/** What a header is written from; sizes in bytes, times in seconds since 1970. */
export interface TarRecord {
  /** One of `0` to `6`. */
  readonly typeflag: string;
  readonly name: ByteString;
  readonly linkname?: ByteString;
  readonly size?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly uname?: ByteString;
  readonly gname?: ByteString;
  readonly devmajor?: number;
  readonly devminor?: number;
  /** Further PAX records, such as `SCHILY.xattr.user.name`. */
  readonly pax?: ReadonlyMap<string, ByteString>;
}

const octalLimit = { id: 0o7777777, size: 0o77777777777 };

/**
 * The header blocks of one entry: ustar alone when everything fits, a PAX header before it when something does not (long or
 * non-ASCII names, large numbers, fractions of a second, extended attributes). The same record gives the same bytes.
 */
export function encodeHeader(record: TarRecord): Uint8Array {
  const pax = paxRecordsFor(record);
  const header = ustarBlock(record, record.name, record.typeflag, record.size ?? 0);
  if (pax.size === 0) return header;
  const body = encodePax(pax);
  const paxHeader = ustarBlock({ typeflag: "x", name: "", mode: 0o644 }, `PaxHeaders/${lastName(record.name)}`, "x", body.length);
  return Buffer.concat([paxHeader, padded(body), header]);
}

/** Content filled up with zeros to whole blocks. */
export function padded(content: Uint8Array): Uint8Array {
  const rest = content.length % blockSize;
  return rest === 0 ? content : Buffer.concat([content, new Uint8Array(blockSize - rest)]);
}

/** The two blocks of zeros that end an archive. */
export function endOfArchive(): Uint8Array {
  return new Uint8Array(2 * blockSize);
}

/** PAX records as bytes: `LENGTH KEYWORD=VALUE\n`, LENGTH counting itself. */
export function encodePax(records: ReadonlyMap<string, ByteString>): Uint8Array {
  const lines = [...records].map(([key, value]) => {
    const rest = ` ${key}=${value}\n`.length;
    let length = rest + String(rest).length;
    if (rest + String(length).length !== length) length = rest + String(length).length;
    return `${length} ${key}=${value}\n`;
  });
  return bytesOf(lines.join(""));
}

function paxRecordsFor(record: TarRecord): ReadonlyMap<string, ByteString> {
  const pax = new Map<string, ByteString>();
  const name = (key: string, value: ByteString, longest: number): void => {
    if (value.length > longest || /[^\x01-\x7f]/.test(value)) pax.set(key, value);
  };
  const number = (key: string, value: number, largest: number): void => {
    if (value < 0 || value > largest || !Number.isInteger(value))
      pax.set(key, key === "mtime" ? decimalTime(value) : String(value));
  };
  name("path", record.name, splitName(record.name) === undefined ? 0 : Infinity);
  name("linkpath", record.linkname ?? "", 100);
  name("uname", record.uname ?? "", 31);
  name("gname", record.gname ?? "", 31);
  number("uid", record.uid ?? 0, octalLimit.id);
  number("gid", record.gid ?? 0, octalLimit.id);
  number("size", record.size ?? 0, octalLimit.size);
  number("mtime", record.mtime ?? 0, octalLimit.size);
  for (const [key, value] of record.pax ?? []) pax.set(key, value);
  return pax;
}

function ustarBlock(record: TarRecord, path: ByteString, typeflag: string, size: number): Uint8Array {
  const block = Buffer.alloc(blockSize);
  const { prefix, name } = splitName(path) ?? { prefix: "", name: path.slice(-100) };
  block.write(name, 0, 100, "latin1");
  octal(block, 100, 8, record.mode ?? 0o644, 0o7777777);
  octal(block, 108, 8, record.uid ?? 0, octalLimit.id);
  octal(block, 116, 8, record.gid ?? 0, octalLimit.id);
  octal(block, 124, 12, size, octalLimit.size);
  octal(block, 136, 12, Math.floor(record.mtime ?? 0), octalLimit.size);
  block.write(typeflag, 156, 1, "latin1");
  block.write((record.linkname ?? "").slice(0, 100), 157, 100, "latin1");
  block.write("ustar\x0000", 257, 8, "latin1");
  block.write((record.uname ?? "").slice(0, 31), 265, 32, "latin1");
  block.write((record.gname ?? "").slice(0, 31), 297, 32, "latin1");
  octal(block, 329, 8, record.devmajor ?? 0, 0o7777777);
  octal(block, 337, 8, record.devminor ?? 0, 0o7777777);
  block.write(prefix, 345, 155, "latin1");
  writeChecksum(block);
  return block;
}

/** A number as octal digits and a NUL; zero when it does not fit, since a PAX record then tells it. */
function octal(block: Buffer, start: number, length: number, value: number, largest: number): void {
  const fits = value >= 0 && value <= largest;
  block.write(`${(fits ? value : 0).toString(8).padStart(length - 1, "0")}\0`, start, length, "latin1");
}

function writeChecksum(block: Buffer): void {
  block.write("        ", 148, 8, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
}

/** A path cut at a slash into ustar's prefix (at most 155) and name (at most 100); undefined when it can't be. */
function splitName(path: ByteString): { prefix: ByteString; name: ByteString } | undefined {
  if (path.length <= 100) return { prefix: "", name: path };
  for (let slash = path.indexOf("/", path.length - 101); slash >= 0 && slash <= 155; slash = path.indexOf("/", slash + 1)) {
    const name = path.slice(slash + 1);
    if (slash > 0 && name !== "" && name.length <= 100) return { prefix: path.slice(0, slash), name };
  }
  return undefined;
}

function lastName(path: ByteString): ByteString {
  return (
    path
      .split("/")
      .findLast((name) => name !== "")
      ?.slice(0, 80) ?? "root"
  );
}

function decimalTime(seconds: number): string {
  return seconds.toFixed(9).replace(/\.?0+$/, "");
}
