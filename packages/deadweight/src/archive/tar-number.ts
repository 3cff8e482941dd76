import { UserError } from "../lib/user-error.ts";

/**
 * Numeric fields of a tar header: octal digits with spaces and NULs around them, or, when the first bit is set, a big-endian
 * two's complement number ("base 256", tar(5)). Numbers beyond 2^53 lose their last digits: the caller checks sizes.
 */
export function parseTarNumber(block: Uint8Array, start: number, length: number): number {
  return ((block[start] ?? 0) & 0x80) === 0 ? parseOctal(block, start, length) : parseBase256(block, start, length);
}

/** An octal field alone, as the checksum is. */
export function parseOctal(block: Uint8Array, start: number, length: number): number {
  let at = start;
  let end = start + length;
  while (at < end && isBlank(block[at] ?? 0)) at++;
  while (end > at && isBlank(block[end - 1] ?? 0)) end--;
  let value = 0;
  for (; at < end; at++) {
    const byte = block[at] ?? 0;
    if (byte === 0) return value;
    if (byte < 0x30 || byte > 0x37) throw malformed(block, start, length);
    value = value * 8 + (byte - 0x30);
  }
  return value;
}

function parseBase256(block: Uint8Array, start: number, length: number): number {
  const inverted = ((block[start] ?? 0) & 0x40) === 0 ? 0 : 0xff;
  let value = 0n;
  for (let at = 0; at < length; at++) {
    const byte = (block[start + at] ?? 0) ^ inverted;
    value = value * 256n + BigInt(at === 0 ? byte & 0x7f : byte);
  }
  if (value >= 2n ** 63n) throw malformed(block, start, length);
  return Number(inverted === 0 ? value : -value - 1n);
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0;
}

function malformed(block: Uint8Array, start: number, length: number): UserError {
  const shown = Buffer.from(block.subarray(start, start + length)).toString("latin1");
  return new UserError("corrupt-layer", `tar header: ${JSON.stringify(shown)} is no number`);
}

/** A decimal number of a PAX record, as Go's ParseInt takes it: a sign and digits. */
export function parseDecimal(text: string, what: string): number {
  if (!/^[+-]?0*[0-9]{1,19}$/.test(text))
    throw new UserError("corrupt-layer", `PAX record ${what}: ${JSON.stringify(text)} is no number`);
  const value = BigInt(text.replace("+", ""));
  if (value >= 2n ** 63n || value < -(2n ** 63n))
    throw new UserError("corrupt-layer", `PAX record ${what}: ${text} is too large`);
  return Number(value);
}
