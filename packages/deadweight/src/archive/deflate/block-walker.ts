import { fillCodeTable } from "./huffman-code.ts";

/** RFC 1951 3.2.5: the least length and distance of each symbol, and its extra bits. */
const lengthBase = new Uint16Array([
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]);
const lengthExtra = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]);
const distanceBase = new Uint16Array([
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289,
  16385, 24577,
]);
const distanceExtra = new Uint8Array([
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]);
const codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const endOfBlock = 256;

/** Deflate blocks to be walked through, with what zlib made of them. */
export interface Passage {
  readonly compressed: Uint8Array;
  /** What the blocks give, at the end of as much as is known of what stood before them. */
  readonly content: Uint8Array;
  /** Where in `content` the blocks' own begins. */
  readonly contentStart: number;
  /** How far back a match may reach from there. */
  readonly reach: number;
  /** Whether the passage ends where a block ends: in the last byte of `compressed`. */
  readonly closes: boolean;
}

/**
 * Walks through deflate blocks bit by bit and compares with the content that zlib made of them, to learn where in a byte a block
 * begins or ends, which zlib does not tell. Accepts whatever zlib accepts.
 */
export class BlockWalker {
  readonly #literals = new Uint16Array(1 << 15);
  readonly #distances = new Uint16Array(1 << 15);
  readonly #lengths = new Uint8Array(320);
  #bytes: Uint8Array = new Uint8Array(0);
  #passage: Passage = { compressed: this.#bytes, content: this.#bytes, contentStart: 0, reach: 0, closes: false };
  #bit = 0;
  #at = 0;
  #symbolsLeft = 0;
  #lastBlockBit = 0;
  #literalBits = 0;
  #distanceBits = 0;

  /** The first bit of the last block that the last call walked through. */
  get lastBlockBit(): number {
    return this.#lastBlockBit;
  }

  /** The bit behind the passage when its blocks begin at this bit; undefined when they can't, or the passage does not close. */
  endFrom(passage: Passage, bit: number): number | undefined {
    return this.#walk(passage, bit, Infinity) === "end" ? this.#bit : undefined;
  }

  /** Whether the passage's blocks may begin at this bit, by its first symbols. */
  mayBeginAt(passage: Passage, bit: number, symbols: number): boolean {
    return this.#walk(passage, bit, symbols) !== "wrong";
  }

  /** "open" when nothing was wrong up to where the symbols or the passage ran out. */
  #walk(passage: Passage, bit: number, symbols: number): "wrong" | "open" | "end" {
    if (this.#passage !== passage) {
      this.#passage = passage;
      // Bits are read four bytes at a time, beyond the end too.
      this.#bytes = new Uint8Array(passage.compressed.length + 8);
      this.#bytes.set(passage.compressed);
    }
    this.#bit = bit;
    this.#at = passage.contentStart;
    this.#symbolsLeft = symbols;
    const bits = 8 * passage.compressed.length;
    for (;;) {
      this.#lastBlockBit = this.#bit;
      this.#symbolsLeft--;
      const last = this.#take(1) === 1;
      const fits = this.#block();
      // Beyond the end there are no bits to be right or wrong.
      if (this.#bit > bits) return passage.closes ? "wrong" : "open";
      if (!fits) return "wrong";
      if (this.#symbolsLeft <= 0) return "open";
      const atEnd = this.#at === passage.content.length && passage.closes && this.#bit > bits - 8;
      if (atEnd) return "end";
      if (last) return "wrong";
    }
  }

  /** Goes through one block behind its first bit; false when it is not what zlib made of it. */
  #block(): boolean {
    const type = this.#take(2);
    if (type === 0) return this.#storedBlock();
    if (type === 3 || !(type === 1 ? this.#fixedCode() : this.#dynamicCode())) return false;
    return this.#symbols();
  }

  #storedBlock(): boolean {
    this.#bit = 8 * Math.ceil(this.#bit / 8);
    const length = this.#take(16);
    if (this.#take(16) !== 0xffff - length) return false;
    const { content } = this.#passage;
    const from = this.#bit / 8;
    const count = Math.min(length, content.length - this.#at);
    for (let index = 0; index < count && from + index < this.#passage.compressed.length; index++) {
      if (this.#bytes[from + index] !== content[this.#at + index]) return false;
    }
    if (count < length && this.#passage.closes) return false;
    this.#bit += 8 * length;
    this.#at += count;
    return true;
  }

  #fixedCode(): boolean {
    const lengths = this.#lengths;
    lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288).fill(5, 288, 320);
    this.#literalBits = fillCodeTable(this.#literals, lengths.subarray(0, 288), false);
    this.#distanceBits = fillCodeTable(this.#distances, lengths.subarray(288, 320), false);
    return true;
  }

  #dynamicCode(): boolean {
    const literals = this.#take(5) + 257;
    const distances = this.#take(5) + 1;
    const codeLengths = this.#take(4) + 4;
    if (literals > 286 || distances > 30) return false;
    const lengths = this.#lengths.fill(0);
    for (const symbol of codeLengthOrder.slice(0, codeLengths)) lengths[symbol] = this.#take(3);
    const bits = fillCodeTable(this.#distances, lengths.subarray(0, 19), false);
    if (bits < 0 || !this.#readLengths(literals + distances, bits) || lengths[endOfBlock] === 0) return false;
    this.#literalBits = fillCodeTable(this.#literals, lengths.subarray(0, literals), true);
    this.#distanceBits = fillCodeTable(this.#distances, lengths.subarray(literals, literals + distances), true);
    return this.#literalBits > 0 && this.#distanceBits >= 0;
  }

  #readLengths(count: number, bits: number): boolean {
    const lengths = this.#lengths;
    for (let index = 0; index < count;) {
      const symbol = this.#symbol(this.#distances, bits);
      if (symbol < 16) {
        lengths[index++] = symbol;
        continue;
      }
      if (symbol === 16 && index === 0) return false;
      const repeated = symbol === 16 ? (lengths[index - 1] ?? 0) : 0;
      const times = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (index + times > count) return false;
      lengths.fill(repeated, index, index + times);
      index += times;
    }
    // What the code lengths' own lengths left behind.
    lengths.fill(0, count);
    return true;
  }

  #symbols(): boolean {
    const { content, closes, compressed } = this.#passage;
    const bits = 8 * compressed.length;
    for (; this.#symbolsLeft > 0 && this.#bit <= bits; this.#symbolsLeft--) {
      const symbol = this.#symbol(this.#literals, this.#literalBits);
      if (symbol === endOfBlock) return true;
      if (symbol < 0) return false;
      if (this.#at >= content.length) {
        if (closes) return false;
        this.#symbolsLeft = 0;
      } else if (symbol < endOfBlock) {
        if (content[this.#at++] !== symbol) return false;
      } else if (!this.#match(symbol - endOfBlock - 1)) return false;
    }
    return true;
  }

  #match(symbol: number): boolean {
    const { content, contentStart, closes, reach } = this.#passage;
    const length = (lengthBase[symbol] ?? Infinity) + this.#take(lengthExtra[symbol] ?? 0);
    const code = this.#symbol(this.#distances, this.#distanceBits);
    const distance = (distanceBase[code] ?? Infinity) + this.#take(distanceExtra[code] ?? 0);
    const from = this.#at - distance;
    if (length === Infinity || from < contentStart - reach) return false;
    if (this.#at + length > content.length) {
      this.#symbolsLeft = 0;
      return !closes;
    }
    if (from >= 0 && (content[from] !== content[this.#at] || content[from + length - 1] !== content[this.#at + length - 1]))
      return false;
    this.#at += length;
    return true;
  }

  /** The next symbol; -1 when the bits are none. */
  #symbol(table: Uint16Array, tableBits: number): number {
    if (tableBits === 0) return -1;
    const entry = table[this.#peek() & ((1 << tableBits) - 1)] ?? 0;
    this.#bit += entry & 15;
    return entry === 0 ? -1 : entry >>> 4;
  }

  /** At most 25 bits. */
  #take(count: number): number {
    const value = this.#peek() & ((1 << count) - 1);
    this.#bit += count;
    return value;
  }

  #peek(): number {
    const bytes = this.#bytes;
    const at = this.#bit >>> 3;
    const four = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    return four >>> (this.#bit & 7);
  }
}
