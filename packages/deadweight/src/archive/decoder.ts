import { constants } from "node:zlib";
import { UserError } from "../lib/user-error.ts";
import type { Limits } from "./limits.ts";
import { ZlibHandle } from "./zlib-handle.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** How a layer blob is compressed. */
export type Compression = "none" | "gzip" | "zstd";

/** Decompresses a blob piece by piece, and says for each piece of output how much input it took. */
export interface Decoder {
  readonly compression: Compression;
  /** Input bytes that the last call used. */
  readonly consumed: number;
  /** Output bytes that the last call made. */
  readonly produced: number;
  /** Decodes from `input` into all of `output` as far as both go. Throws UserError `corrupt-layer`. */
  readonly decode: (input: Uint8Array, output: Uint8Array) => void;
  /** Gives what is left after the last input; call until nothing is produced. Throws when the blob is cut off. */
  readonly finish: (output: Uint8Array) => void;
  readonly close: () => void;
}

/** How a blob is compressed, by its first four bytes; the media type is not believed. */
export function sniffCompression(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  const magic = ((head[3] ?? 0) * 0x1000000 + (head[2] ?? 0) * 0x10000 + (head[1] ?? 0) * 0x100 + (head[0] ?? 0)) >>> 0;
  return head.length >= 4 && (magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5) ? "zstd" : "none";
}

/** A decoder for one blob; `close` it when done. */
export function createDecoder(compression: Compression, limits: Limits): Decoder {
  if (compression === "gzip") return new GzipDecoder();
  return compression === "zstd" ? new ZstdDecoder(limits) : new PlainDecoder();
}

class PlainDecoder implements Decoder {
  readonly compression = "none";
  consumed = 0;
  produced = 0;

  decode(input: Uint8Array, output: Uint8Array): void {
    this.produced = this.consumed = Math.min(input.length, output.length);
    output.set(input.length === this.consumed ? input : input.subarray(0, this.consumed));
  }

  finish(): void {
    this.consumed = this.produced = 0;
  }

  close(): void {}
}

/** Gzip, RFC 1952, any number of members. zlib checks each CRC and length and goes on to the next member by itself. */
class GzipDecoder implements Decoder {
  readonly compression = "gzip";
  readonly #handle = new ZlibHandle("gzip");
  #inTrailer = false;
  consumed = 0;
  produced = 0;

  decode(input: Uint8Array, output: Uint8Array): void {
    if (this.#inTrailer) return this.#skipZeros(input);
    this.#handle.write(constants.Z_SYNC_FLUSH, input, 0, input.length, output, 0, output.length);
    this.consumed = this.#handle.consumed;
    this.produced = this.#handle.produced;
    // zlib takes nothing more once a member has ended and a zero follows: tape padding, which gzip(1) passes over.
    if (this.consumed === 0 && this.produced === 0 && input.length > 0 && output.length > 0) this.#skipZeros(input);
  }

  finish(output: Uint8Array): void {
    this.consumed = this.produced = 0;
    if (this.#inTrailer) return;
    this.#handle.write(constants.Z_FINISH, undefined, 0, 0, output, 0, output.length);
    this.produced = this.#handle.produced;
  }

  close(): void {
    this.#handle.close();
  }

  #skipZeros(input: Uint8Array): void {
    this.#inTrailer = true;
    if (input.some((byte) => byte !== 0)) throw new UserError("corrupt-layer", "gzip: garbage after the last member");
    this.consumed = input.length;
    this.produced = 0;
  }
}

/** Zstandard, RFC 8878, any number of frames: Node's decompressor knows one, so frames are found here and given one by one. */
class ZstdDecoder implements Decoder {
  readonly compression = "zstd";
  readonly #handle = new ZlibHandle("zstd");
  readonly #frames: ZstdFrames;
  consumed = 0;
  produced = 0;

  constructor(limits: Limits) {
    this.#frames = new ZstdFrames(limits.zstdWindowBytes);
  }

  decode(input: Uint8Array, output: Uint8Array): void {
    this.consumed = this.produced = 0;
    const run = this.#frames.walk(input);
    if (run.skippable) {
      // The decompressor may have got the first bytes of the magic, when they were the last of a piece.
      this.#handle.reset();
      this.consumed = run.length;
      this.#frames.consume(run.length);
      return;
    }
    this.#handle.write(constants.ZSTD_e_continue, input, 0, run.length, output, 0, output.length);
    this.consumed = this.#handle.consumed;
    this.produced = this.#handle.produced;
    this.#frames.consume(this.consumed);
    if (this.#frames.atFrameEnd && this.produced < output.length) this.#nextFrame();
    else if (this.consumed === 0 && this.produced === 0 && output.length > 0)
      throw new UserError("corrupt-layer", "zstd: the decompressor stopped");
  }

  finish(output: Uint8Array): void {
    this.consumed = this.produced = 0;
    if (this.#frames.atFrameEnd) {
      this.#handle.write(constants.ZSTD_e_continue, undefined, 0, 0, output, 0, output.length);
      this.produced = this.#handle.produced;
      if (this.produced === output.length) return;
      this.#nextFrame();
    }
    this.#frames.end();
  }

  close(): void {
    this.#handle.close();
  }

  #nextFrame(): void {
    this.#handle.reset();
    this.#frames.nextFrame();
  }
}
