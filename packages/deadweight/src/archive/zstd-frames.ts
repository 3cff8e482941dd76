import { UserError } from "../lib/user-error.ts";

type State = "magic" | "descriptor" | "header" | "block-header" | "block" | "checksum" | "skip-size" | "skip" | "frame-end";

/** Part of the input that goes to the decompressor, or is passed over. */
export interface FrameRun {
  readonly length: number;
  readonly skippable: boolean;
}

/**
 * Finds where Zstandard frames end, RFC 8878 3.1: magic 28 b5 2f fd, a frame header of 2 to 14 bytes (descriptor byte: content
 * size flag 2 bits, single segment, unused, reserved, checksum, dictionary id flag 2 bits), blocks with a 3-byte header (last,
 * type 2 bits, size 21 bits), and a checksum of 4 bytes if the descriptor says so. Skippable frames are magic 184d2a5?, size, content.
 */
export class ZstdFrames {
  readonly #windowLimit: number;
  #state: State = "magic";
  #wanted = 4;
  #field: number[] = [];
  #descriptor = 0;
  #lastBlock = false;
  /** Bytes walked over but not yet consumed. */
  #ahead = 0;
  #skippable = false;
  #frames = 0;

  constructor(windowLimit: number) {
    this.#windowLimit = windowLimit;
  }

  /** Whether all of a frame has been consumed. */
  get atFrameEnd(): boolean {
    return this.#state === "frame-end" && this.#ahead === 0;
  }

  /** How much of `input` belongs to the frame at hand. `input` begins where the last `consume` left off. */
  walk(input: Uint8Array): FrameRun {
    let at = this.#ahead;
    while (at < input.length && this.#state !== "frame-end") at = this.#step(input, at);
    this.#ahead = at;
    return { length: at, skippable: this.#skippable };
  }

  consume(count: number): void {
    this.#ahead -= count;
    if (this.#skippable && this.atFrameEnd) this.nextFrame();
  }

  nextFrame(): void {
    this.#frames++;
    this.#skippable = false;
    this.#expect("magic", 4);
  }

  /** Throws unless the input ended between frames. */
  end(): void {
    if (this.#state !== "magic" || this.#field.length > 0 || this.#frames === 0)
      throw corrupt("the blob ends in the middle of a frame");
  }

  #expect(state: State, bytes: number): void {
    this.#state = state;
    this.#wanted = bytes;
    this.#field = [];
  }

  #step(input: Uint8Array, at: number): number {
    if (this.#state === "block" || this.#state === "skip") {
      const count = Math.min(this.#wanted, input.length - at);
      this.#wanted -= count;
      if (this.#wanted === 0) this.#endBody();
      return at + count;
    }
    this.#field.push(input[at] ?? 0);
    if (this.#field.length === this.#wanted) this.#endField(littleEndian(this.#field));
    return at + 1;
  }

  #endBody(): void {
    if (this.#state === "skip") this.#state = "frame-end";
    else this.#endBlock();
  }

  #endBlock(): void {
    if (!this.#lastBlock) this.#expect("block-header", 3);
    else if ((this.#descriptor & 4) !== 0) this.#expect("checksum", 4);
    else this.#state = "frame-end";
  }

  #endField(value: number): void {
    switch (this.#state) {
      case "magic":
        if (value === 0xfd2fb528) this.#expect("descriptor", 1);
        else if (Math.floor(value / 16) === 0x184d2a5) {
          this.#skippable = true;
          this.#expect("skip-size", 4);
        } else throw corrupt("garbage between frames");
        break;
      case "descriptor":
        this.#descriptor = value;
        this.#expect("header", headerLength(value));
        break;
      case "header":
        this.#checkWindow();
        this.#expect("block-header", 3);
        break;
      case "block-header": {
        this.#lastBlock = (value & 1) === 1;
        const type = (value >> 1) & 3;
        if (type === 3) throw corrupt("a block of a reserved type");
        // A run-length block stores one byte, whatever its size.
        this.#expect("block", type === 1 ? 1 : value >> 3);
        if (this.#wanted === 0) this.#endBlock();
        break;
      }
      case "skip-size":
        this.#expect("skip", value);
        if (value === 0) this.#state = "frame-end";
        break;
      default:
        this.#state = "frame-end";
    }
  }

  /** The window is 2^(10+exponent) and eighths of it, or without a window byte the content itself. */
  #checkWindow(): void {
    if ((this.#descriptor & 0x20) !== 0) return;
    const byte = this.#field[0] ?? 0;
    const base = 2 ** (10 + (byte >> 3));
    const window = base + (base / 8) * (byte & 7);
    if (window > this.#windowLimit) throw corrupt(`a window of ${window} bytes, more than ${this.#windowLimit}`);
  }
}

function headerLength(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const content = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  return (singleSegment ? 0 : 1) + dictionary + content;
}

function littleEndian(bytes: readonly number[]): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

function corrupt(why: string): UserError {
  return new UserError("corrupt-layer", `zstd: ${why}`);
}
