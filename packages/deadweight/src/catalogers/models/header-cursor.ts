const utf8 = new TextDecoder("utf-8");

/**
 * Reads numbers and texts off the kept beginning of a file, never past it. Once `state` is not `fine` every read gives 0 or
 * an empty text: `short` when the file goes on where the kept bytes end, `lies` when a length leads past the file's end.
 */
export class HeaderCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #size: number;
  readonly #littleEndian: boolean;
  #position = 0;
  #state: "fine" | "short" | "lies" = "fine";

  /** `size` is that of the whole file, `bytes` its beginning. */
  constructor(bytes: Uint8Array, size: number, littleEndian = true) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#size = size;
    this.#littleEndian = littleEndian;
  }

  get position(): number {
    return this.#position;
  }

  get state(): "fine" | "short" | "lies" {
    return this.#state;
  }

  u8(): number {
    const at = this.#advance(1);
    return at < 0 ? 0 : this.#view.getUint8(at);
  }

  u16(): number {
    const at = this.#advance(2);
    return at < 0 ? 0 : this.#view.getUint16(at, this.#littleEndian);
  }

  u32(): number {
    const at = this.#advance(4);
    return at < 0 ? 0 : this.#view.getUint32(at, this.#littleEndian);
  }

  /** Infinity above 2^53 - 1, so that no length or product made of it passes as true. */
  u64(): number {
    const at = this.#advance(8);
    if (at < 0) return 0;
    const value = Number(this.#view.getBigUint64(at, this.#littleEndian));
    return Number.isSafeInteger(value) ? value : Infinity;
  }

  /** A protocol buffer's varint, at most ten bytes; Infinity above 2^53 - 1. */
  varint(): number {
    let value = 0;
    for (let index = 0, factor = 1; index < 10; index++, factor *= 128) {
      const byte = this.u8();
      value += (byte % 128) * factor;
      if (byte < 128) return Number.isSafeInteger(value) ? value : Infinity;
    }
    this.fail();
    return 0;
  }

  /** A little-endian number of any length that is not negative; Infinity above 2^53 - 1. */
  integer(length: number): number {
    const at = this.#advance(length);
    if (at < 0) return 0;
    const value = this.#bytes.subarray(at, at + length).reduceRight((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : Infinity;
  }

  text(length: number): string {
    const at = this.#advance(length);
    return at < 0 ? "" : utf8.decode(this.#bytes.subarray(at, at + length));
  }

  /** The text up to a line feed, which is passed over. */
  line(): string {
    if (this.#state !== "fine") return "";
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0) this.#state = "short";
    const text = end < 0 ? "" : this.text(end - this.#position);
    this.skip(1);
    return text;
  }

  skip(length: number): void {
    this.#advance(length);
  }

  /** Marks the header as one that says what can't be. */
  fail(): void {
    this.#state = "lies";
  }

  /** Where the next `length` bytes are; -1 when they can't be had. */
  #advance(length: number): number {
    if (this.#state !== "fine") return -1;
    const at = this.#position;
    if (!(length >= 0) || at + length > this.#size) this.#state = "lies";
    else if (at + length > this.#bytes.length) this.#state = "short";
    else this.#position = at + length;
    return this.#state === "fine" ? at : -1;
  }
}
