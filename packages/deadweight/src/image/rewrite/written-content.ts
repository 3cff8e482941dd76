import { type Compression, createDecoder, type Decoder } from "../../archive/decoder.ts";
import type { Limits } from "../../archive/limits.ts";

const decodedBytes = 256 * 1024;

/**
 * Decompresses a blob beside its writing and compares it, byte for byte, with the content that went in: no more is ever in memory than the
 * compressor holds back. Blocks stay as they are until they were compared.
 */
export class WrittenContent {
  readonly #decoder: Decoder;
  readonly #output = Buffer.allocUnsafeSlow(decodedBytes);
  readonly #blocks: Buffer[] = [];
  /** Where in the first block the comparison has come to, and in the content. */
  #at = 0;
  #total = 0;

  constructor(compression: Compression, limits: Limits) {
    this.#decoder = createDecoder(compression, limits);
  }

  /** The next block of the content, before what is compressed of it. */
  expect(block: Buffer): void {
    if (block.length > 0) this.#blocks.push(block);
  }

  /** Whether a block's memory is needed still. */
  isHeld({ buffer }: Buffer): boolean {
    return this.#blocks.some((block) => block.buffer === buffer);
  }

  /** The next bytes of the blob. Throws UserError `corrupt-layer` for what can't be decompressed, Error for another content. */
  write(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; at += this.#decoder.consumed) {
      this.#decoder.decode(at === 0 ? piece : piece.subarray(at), this.#output);
      this.#compare(this.#output.subarray(0, this.#decoder.produced));
    }
  }

  /** The blob has ended. Throws as `write` does. */
  end(): void {
    do {
      this.#decoder.finish(this.#output);
      this.#compare(this.#output.subarray(0, this.#decoder.produced));
    } while (this.#decoder.produced > 0);
    if (this.#blocks.length > 0) throw this.#differs();
  }

  close(): void {
    this.#decoder.close();
  }

  #compare(found: Buffer): void {
    for (let at = 0; at < found.length;) {
      const [block] = this.#blocks;
      const length = Math.min(found.length - at, (block?.length ?? 0) - this.#at);
      if (block?.compare(found, at, at + length, this.#at, this.#at + length) !== 0) throw this.#differs();
      at += length;
      this.#at += length;
      this.#total += length;
      if (this.#at < block.length) continue;
      this.#blocks.shift();
      this.#at = 0;
    }
  }

  #differs(): Error {
    return new Error(`the blob that was written does not decompress to its content, of which ${this.#total} bytes were compared`);
  }
}
