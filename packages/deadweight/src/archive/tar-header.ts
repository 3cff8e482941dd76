import { byteStringOf, type ByteString } from "../lib/byte-string.ts";
import { UserError } from "../lib/user-error.ts";
import { parseOctal, parseTarNumber } from "./tar-number.ts";

/** Size of a tar block; headers and content are padded to it. */
export const blockSize = 512;

export type HeaderFormat = "v7" | "ustar" | "gnu" | "star";

/** One 512-byte header block, fields as stored. */
export interface TarHeader {
  readonly format: HeaderFormat;
  /** One character; NUL for the oldest archives. */
  readonly typeflag: string;
  readonly name: ByteString;
  readonly linkname: ByteString;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly uname: ByteString;
  readonly gname: ByteString;
  readonly devmajor: number;
  readonly devminor: number;
}

/**
 * Layout, ustar(5) and GNU tar's tar.h: name 0+100, mode 100+8, uid 108+8, gid 116+8, size 124+12, mtime 136+12, checksum 148+8,
 * typeflag 156, linkname 157+100, magic 257+6, version 263+2, uname 265+32, gname 297+32, devmajor 329+8, devminor 337+8, then
 * prefix 345+155 (ustar), prefix 345+131 (star), or atime 345+12, ctime 357+12, sparse map 386+97, real size 483+12 (GNU).
 * Throws UserError `corrupt-layer` for a wrong checksum or a field that is no number.
 */
export function parseHeader(block: Uint8Array): TarHeader {
  const format = formatOf(block);
  const name = field(block, 0, 100);
  const prefix = prefixOf(block, format);
  const extended = format !== "v7";
  return {
    format,
    typeflag: String.fromCharCode(block[156] ?? 0),
    name: prefix === "" ? name : `${prefix}/${name}`,
    linkname: field(block, 157, 100),
    size: parseTarNumber(block, 124, 12),
    mode: parseTarNumber(block, 100, 8),
    uid: parseTarNumber(block, 108, 8),
    gid: parseTarNumber(block, 116, 8),
    mtime: parseTarNumber(block, 136, 12),
    uname: extended ? field(block, 265, 32) : "",
    gname: extended ? field(block, 297, 32) : "",
    devmajor: extended ? parseTarNumber(block, 329, 8) : 0,
    devminor: extended ? parseTarNumber(block, 337, 8) : 0,
  };
}

/** Whether a block is all zeros: two of them end an archive. */
export function isZeroBlock(block: Uint8Array): boolean {
  for (let at = 0; at < blockSize; at++) if (block[at] !== 0) return false;
  return true;
}

/** A NUL-terminated field as bytes. */
export function field(block: Uint8Array, start: number, length: number): ByteString {
  let end = start;
  while (end < start + length && block[end] !== 0) end++;
  return byteStringOf(block, start, end);
}

function formatOf(block: Uint8Array): HeaderFormat {
  const stored = parseOctal(block, 148, 8);
  const { unsigned, signed } = checksums(block);
  // Old tars summed signed bytes, tar(5).
  if (stored !== unsigned && stored !== signed) {
    throw new UserError("corrupt-layer", `tar header: checksum is ${stored}, the block sums to ${unsigned}`);
  }
  const magic = byteStringOf(block, 257, 265);
  if (magic.startsWith("ustar\0")) return byteStringOf(block, 508, 512) === "tar\0" ? "star" : "ustar";
  return magic === "ustar  \0" ? "gnu" : "v7";
}

function checksums(block: Uint8Array): { unsigned: number; signed: number } {
  let unsigned = 0;
  let high = 0;
  for (let at = 0; at < blockSize; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0);
    unsigned += byte;
    if (byte > 127) high++;
  }
  return { unsigned, signed: unsigned - 256 * high };
}

function prefixOf(block: Uint8Array, format: HeaderFormat): ByteString {
  if (format === "ustar") return field(block, 345, 155);
  if (format === "star") {
    parseTarNumber(block, 476, 12);
    parseTarNumber(block, 488, 12);
    return field(block, 345, 131);
  }
  return format === "gnu" ? misplacedPrefix(block) : "";
}

/** Go before 1.8 wrote a ustar prefix over GNU's times (golang.org/issue/12594): taken where the times are no numbers. */
function misplacedPrefix(block: Uint8Array): ByteString {
  try {
    if (block[345] !== 0) parseTarNumber(block, 345, 12);
    if (block[357] !== 0) parseTarNumber(block, 357, 12);
    return "";
  } catch {
    const prefix = field(block, 345, 155);
    return /^[\x01-\x7f]*$/.test(prefix) ? prefix : "";
  }
}
