/** The longest code of deflate, in bits. */
export const longestCode = 15;

/**
 * Fills a table from the next `bits` bits of input to symbol x 16 + length of its code, zero where there is none, and gives `bits`: the
 * length of the longest code, 0 without any. Gives -1 where zlib refuses: codes that overlap, and codes that leave gaps but for a
 * lone code of one bit where `allowsLone`.
 */
export function fillCodeTable(table: Uint16Array, lengths: Uint8Array, allowsLone: boolean): number {
  const count = new Uint16Array(longestCode + 1);
  for (const length of lengths) count[length] = (count[length] ?? 0) + 1;
  let bits = longestCode;
  while (bits > 0 && count[bits] === 0) bits--;
  if (bits === 0) return allowsLone ? 0 : -1;
  const next = new Uint16Array(longestCode + 2);
  let left = 1;
  for (let length = 1; length <= bits; length++) {
    left = 2 * left - (count[length] ?? 0);
    if (left < 0) return -1;
    next[length + 1] = 2 * ((next[length] ?? 0) + (count[length] ?? 0));
  }
  if (left > 0) {
    if (!allowsLone || bits !== 1) return -1;
    table.fill(0, 0, 2);
  }
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] ?? 0;
    if (length === 0) continue;
    const code = next[length] ?? 0;
    next[length] = code + 1;
    // Codes come with their first bit lowest.
    for (let index = reverse(code, length); index < 1 << bits; index += 1 << length) table[index] = symbol * 16 + length;
  }
  return bits;
}

function reverse(code: number, length: number): number {
  let reversed = 0;
  for (let bit = 0; bit < length; bit++) reversed = (reversed << 1) | ((code >>> bit) & 1);
  return reversed;
}
