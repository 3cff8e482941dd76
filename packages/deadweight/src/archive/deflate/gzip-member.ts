import { UserError } from "../../lib/user-error.ts";

/**
 * A gzip member, RFC 1952: 1f 8b, method 8, flags, mtime (4), extra flags, system; then, as flags say, an extra field (length in two
 * bytes), a name and a comment (each ends with NUL), a CRC of the header (2); the deflate data; CRC-32 and length modulo 2^32 of the content.
 */
const flag = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 };
const fixedBytes = 10;

/** Bytes behind the deflate data of a member. */
export const trailerBytes = 8;
/** More than this no writer puts in a header: an extra field has at most 64 KiB, names are file names. */
const headerBytesLimit = 256 * 1024;

/** A header that says nothing: no name, no time, no system, so that the same content gives the same blob. */
export function plainHeader(): Uint8Array {
  return Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
}

/** The length of the header that `bytes` begin with; undefined when they are too few to tell. Throws UserError `corrupt-layer`. */
export function headerLength(bytes: Uint8Array): number | undefined {
  const magic = [0x1f, 0x8b, 8];
  const wrong = magic.findIndex((byte, index) => index < bytes.length && bytes[index] !== byte);
  if (wrong >= 0) throw new UserError("corrupt-layer", `gzip: byte ${wrong} of a header is ${bytes[wrong]}, not ${magic[wrong]}`);
  if (bytes.length < fixedBytes) return undefined;
  const flags = bytes[3] ?? 0;
  if ((flags & flag.reserved) !== 0) throw new UserError("corrupt-layer", `gzip: unknown flags ${flags} in a header`);
  let length = fixedBytes;
  if ((flags & flag.extra) !== 0) length += 2 + (bytes[length] ?? 0) + 256 * (bytes[length + 1] ?? 0);
  for (const text of [flag.name, flag.comment]) {
    if ((flags & text) === 0) continue;
    const end = bytes.indexOf(0, length);
    length = end < 0 ? Infinity : end + 1;
  }
  if ((flags & flag.headerCrc) !== 0) length += 2;
  if (length <= bytes.length) return length;
  if (bytes.length >= headerBytesLimit) throw new UserError("limit", `gzip: a header of more than ${headerBytesLimit} bytes`);
  return undefined;
}

/** The eight bytes behind a member's deflate data. */
export function trailer(crc: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(trailerBytes);
  bytes.writeUInt32LE(crc, 0);
  bytes.writeUInt32LE(length % 2 ** 32, 4);
  return bytes;
}

/** What a member's trailer says. Throws UserError `corrupt-layer` when the length is not its content's. */
export function parseTrailer(found: Uint8Array, length: number): { readonly crc: number } {
  const bytes = Buffer.from(found);
  const said = bytes.readUInt32LE(4);
  if (said !== length % 2 ** 32)
    throw new UserError("corrupt-layer", `gzip: a member has ${length} bytes, its trailer says ${said} (modulo 2^32)`);
  return { crc: bytes.readUInt32LE(0) };
}
