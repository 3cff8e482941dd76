/**
 * A byte string holds one byte in each UTF-16 unit (0 to 255). Paths in an image are bytes, not text: two names that differ
 * only in bytes that are no UTF-8 must stay two names, and a Map keyed by byte strings keeps them apart.
 */
export type ByteString = string;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes from `start` to `end` as a byte string. */
export function byteStringOf(bytes: Uint8Array, start = 0, end: number = bytes.length): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, end - start)).toString("latin1");
}

/** The bytes of a byte string. */
export function bytesOf(text: ByteString): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** The UTF-8 bytes of a text, as a byte string. */
export function byteStringFromText(text: string): ByteString {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** A byte string as text for people and for JSON: UTF-8 where it is valid, `\xHH` for each byte of a name that is not. */
export function textOf(bytes: ByteString): string {
  if (isAscii(bytes)) return bytes;
  try {
    return strictUtf8.decode(bytesOf(bytes));
  } catch {
    return bytes.replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
  }
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}
