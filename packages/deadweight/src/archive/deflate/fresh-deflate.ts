import { constants, deflateRawSync } from "node:zlib";
import { freeBytes } from "../../lib/free-bytes.ts";
import type { BitWriter } from "./bit-writer.ts";
import { windowBytes } from "./inflate-blocks.ts";

/** What is deflated at once; always cut at the same places, so that the same content gives the same bytes. */
const pieceBytes = 256 * 1024;

/** Deflates content anew into a stream of blocks, primed with what stands before it there. */
export class FreshDeflate {
  readonly #writer: BitWriter;
  readonly #level: number;
  readonly #piece = new Uint8Array(pieceBytes);
  #used = 0;
  #window: Uint8Array = new Uint8Array(0);
  #bytes = 0;

  constructor(writer: BitWriter, level: number) {
    this.#writer = writer;
    this.#level = level;
  }

  /** Bytes of content that were deflated. */
  get length(): number {
    return this.#bytes;
  }

  write(content: Uint8Array): void {
    for (let at = 0; at < content.length;) {
      const part = content.subarray(at, at + pieceBytes - this.#used);
      this.#piece.set(part, this.#used);
      this.#used += part.length;
      at += part.length;
      if (this.#used === pieceBytes) this.flush();
    }
  }

  /** Writes what is left, in blocks that end at a whole byte. */
  flush(): void {
    if (this.#used === 0) return;
    const content = this.#piece.subarray(0, this.#used);
    this.#writer.moveToBit(0);
    const deflated = deflateRawSync(content, {
      level: this.#level,
      finishFlush: constants.Z_SYNC_FLUSH,
      // Room for what can't be compressed, so that nothing is allocated twice.
      chunkSize: content.length + 1024,
      ...(this.#window.length === 0 ? {} : { dictionary: this.#window }),
    });
    this.#writer.bytes(deflated);
    freeBytes(deflated);
    this.follow(content);
    this.#bytes += this.#used;
    this.#used = 0;
  }

  /** Tells of content that was written to the stream otherwise; the last 32 KiB of it matter. */
  follow(content: Uint8Array): void {
    this.#window = Buffer.concat([this.#window, content.subarray(-windowBytes)]).subarray(-windowBytes);
  }
}
