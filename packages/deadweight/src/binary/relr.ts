// Layout: SHT_RELR of the gABI: 64-bit words; an even one is the address of a relocation, an odd one a bitmap of the next 63 words.

/** The addresses of relative relocations in a packed table: up to eight for each of its bytes. */
export function* relrAddresses(table: Buffer): Generator<number> {
  let base = 0;
  for (let at = 0; at + 8 <= table.length; at += 8) {
    const word = table.readBigUInt64LE(at);
    if (word % 2n === 0n) {
      base = Number(word) + 8;
      yield Number(word);
      continue;
    }
    for (let bit = 1n; bit < 64n; bit++) {
      if ((word >> bit) % 2n === 1n) yield base + (Number(bit) - 1) * 8;
    }
    base += 63 * 8;
  }
}
