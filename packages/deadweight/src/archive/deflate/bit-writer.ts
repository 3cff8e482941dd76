const pieceBytes = 256 * 1024;

/** An empty block with a dynamic code, 91 bits, in runs of value and bit count (RFC 1951 3.2.7). */
const emptyDynamicBlock: readonly (readonly [value: number, bits: number])[] = [
  // Not the last, type 2; 257 literal codes, one distance code, 18 lengths of code lengths.
  [0b100, 3],
  [0, 5],
  [0, 5],
  [14, 4],
  // The lengths of 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1: 18 and 1 have one bit.
  [0, 6],
  [1, 3],
  [0, 21],
  [0, 21],
  [1, 3],
  // Codes: 1 is "0", 18 is "1" and seven bits. Literal 0: 1; 138 and 117 times 0; end of block: 1; distance 0: 1.
  [0b0, 1],
  [1 + 2 * (138 - 11), 8],
  [1 + 2 * (117 - 11), 8],
  [0b00, 2],
  // End of block.
  [1, 1],
];

/** Writes bits, lowest first, into pieces of bytes; knows the empty deflate blocks that move the next bit to where it is wanted. */
export class BitWriter {
  #piece: Uint8Array = new Uint8Array(pieceBytes);
  #used = 0;
  #hold = 0;
  #held = 0;
  #written = 0;
  #ready: Uint8Array[] = [];
  #spare: Uint8Array | undefined;

  /** Bits of the byte that is not yet full, 0 to 7. */
  get bit(): number {
    return this.#held;
  }

  /** Whole bytes so far. */
  get length(): number {
    return this.#written;
  }

  /** At most 24 bits. */
  bits(value: number, count: number): void {
    this.#hold |= value << this.#held;
    this.#held += count;
    for (; this.#held >= 8; this.#held -= 8) {
      this.#byte(this.#hold & 255);
      this.#hold >>>= 8;
    }
  }

  /** Whole bytes; only where no byte is half full. */
  bytes(bytes: Uint8Array): void {
    if (this.#held !== 0) throw new Error(`${this.#held} bits before whole bytes`);
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#piece.length - this.#used);
      this.#piece.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
      if (this.#used === this.#piece.length) this.#nextPiece();
    }
    this.#written += bytes.length;
  }

  /** Takes the bits of a byte from the one that is wanted on; those below stay as they were written. */
  restOfByte(byte: number): void {
    this.bits(byte >>> this.#held, 8 - this.#held);
  }

  /** Empty blocks, none when it is there already, so that the next bit is this one of a byte. Only between blocks. */
  moveToBit(bit: number): void {
    if (this.#held === bit) return;
    if (bit === 0) return this.#emptyStoredBlock();
    // 91 bits are three more than whole bytes, ten are two more.
    if ((bit - this.#held) % 2 !== 0) for (const [value, count] of emptyDynamicBlock) this.bits(value, count);
    while (this.#held !== bit) this.bits(0b010, 10);
  }

  /** An empty last block, filled up to a whole byte. */
  lastBlock(): void {
    this.bits(0b011, 10);
    if (this.#held > 0) this.bits(0, 8 - this.#held);
  }

  /** The full pieces; with `all` also the one that is not full. They are the caller's until it gives them back. */
  take(all = false): readonly Uint8Array[] {
    if (all && this.#used > 0) this.#nextPiece();
    const pieces = this.#ready;
    if (pieces.length > 0) this.#ready = [];
    return pieces;
  }

  /** A piece that was taken is needed no more: its memory is used again. */
  giveBack(piece: Uint8Array): void {
    if (piece.buffer.byteLength === pieceBytes) this.#spare = new Uint8Array(piece.buffer);
  }

  #emptyStoredBlock(): void {
    this.bits(0b000, 3);
    if (this.#held > 0) this.bits(0, 8 - this.#held);
    this.bytes(Uint8Array.of(0, 0, 255, 255));
  }

  #byte(byte: number): void {
    this.#piece[this.#used++] = byte;
    this.#written++;
    if (this.#used === this.#piece.length) this.#nextPiece();
  }

  #nextPiece(): void {
    this.#ready.push(this.#piece.subarray(0, this.#used));
    this.#piece = this.#spare ?? new Uint8Array(pieceBytes);
    this.#spare = undefined;
    this.#used = 0;
  }
}
