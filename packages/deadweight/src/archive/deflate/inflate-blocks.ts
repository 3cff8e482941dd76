import { constants } from "node:zlib";
import { UserError } from "../../lib/user-error.ts";
import type { Limits } from "../limits.ts";
import { ZlibHandle } from "../zlib-handle.ts";
import { headerLength, parseTrailer, trailerBytes } from "./gzip-member.ts";
import { SlidingBytes } from "./sliding-bytes.ts";

/** How far back a match may reach, RFC 1951 2. */
export const windowBytes: number = 32 * 1024;
/** zlib gets its input in pieces that end at multiples of this, so that the spans don't depend on how the source was cut up. */
const pieceBytes = 256 * 1024;
/** A span has at least so many compressed bytes: tiny blocks are taken together. */
const leastSpanBytes = 512;
/** A block that grows beyond one of these is given up as a whole. zlib's own blocks have up to 8 MiB of content in 128 KiB. */
const mostCompressed = 4 * 1024 * 1024;
const mostContent = 16 * 1024 * 1024;
/** Room for content in each call, at the least and at the most. */
const leastRoom = 64 * 1024;
const mostRoom = 1024 * 1024;
/** Below this no ratio of sizes is taken for a bomb. */
const ratioFrom = 1024 ** 3;

/** Some deflate blocks on end, as places in the compressed and the uncompressed stream. */
export interface Span {
  readonly kind: "span";
  /** The byte behind the one in which the first bit may be the 2nd to 8th: the blocks begin there at the latest. */
  readonly from: number;
  /** The byte behind the last that has bits of the blocks. */
  readonly to: number;
  readonly start: number;
  readonly end: number;
  /** Where the content of its gzip member starts: no match reaches farther back. */
  readonly memberStart: number;
  /** Whether it begins where a block begins, and ends where one ends. */
  readonly opens: boolean;
  readonly closes: boolean;
  /** Whether it is the first of its member, with its first bit the lowest of byte `from`; and whether it is the last. */
  readonly first: boolean;
  readonly last: boolean;
}

/** A member's end, with the CRC-32 that its trailer gives; the length there has been checked. */
export interface MemberEnd {
  readonly kind: "member-end";
  readonly crc: number;
}

/**
 * Inflates a gzip blob of any number of members with zlib and tells where its deflate blocks begin, to the byte: zlib stops behind a
 * block (Z_BLOCK) but does not tell the bit. The bytes of a span, of the one before it and of its window are there while it is looked at.
 */
export class InflateBlocks {
  readonly compressed: SlidingBytes = new SlidingBytes(2 * pieceBytes);
  readonly content: SlidingBytes = new SlidingBytes(4 * pieceBytes);
  readonly #handle = new ZlibHandle("deflate");
  readonly #limits: Limits;
  #state: "header" | "blocks" | "trailer" | "between" | "padding" = "header";
  /** Compressed bytes that are done with. */
  #at = 0;
  #memberStart = 0;
  #open = { from: 0, start: 0, opens: true, first: true };
  /** A span of which it is not known yet whether it is the last of its member. */
  #closed: Span | undefined;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Takes the next bytes of the blob. Throws UserError `corrupt-layer` or `limit`. */
  *push(piece: Uint8Array): Generator<Span | MemberEnd, void, void> {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + pieceBytes - (this.compressed.end % pieceBytes));
      this.compressed.append(part);
      at += part.length;
      if (this.compressed.end % pieceBytes === 0) yield* this.#advance();
    }
  }

  /** Takes the end of the blob. Throws UserError `corrupt-layer` when it is cut off. */
  *end(): Generator<Span | MemberEnd, void, void> {
    yield* this.#advance();
    if (this.#state === "between" || this.#state === "padding") return;
    throw new UserError("corrupt-layer", `gzip: the blob ends at byte ${this.compressed.end}, in a member's ${this.#state}`);
  }

  close(): void {
    this.#handle.close();
  }

  /** Goes on until more bytes are needed. */
  *#advance(): Generator<Span | MemberEnd, void, void> {
    for (let going = true; going;) {
      if (this.#state === "blocks") going = yield* this.#inflate();
      else if (this.#state === "trailer") going = yield* this.#readTrailer();
      else if (this.#state === "header") going = this.#readHeader();
      else going = this.#readBetween();
    }
  }

  #readHeader(): boolean {
    const length = headerLength(this.compressed.view(this.#at, this.compressed.end));
    if (length === undefined) return false;
    this.#at += length;
    this.#memberStart = this.content.end;
    this.#open = { from: this.#at, start: this.content.end, opens: true, first: true };
    this.#handle.reset();
    this.#state = "blocks";
    return true;
  }

  *#readTrailer(): Generator<MemberEnd, boolean, void> {
    if (this.compressed.end < this.#at + trailerBytes) return false;
    const length = this.content.end - this.#memberStart;
    const { crc } = parseTrailer(this.compressed.view(this.#at, this.#at + trailerBytes), length);
    yield { kind: "member-end", crc };
    this.#at += trailerBytes;
    this.#state = "between";
    return true;
  }

  /** Behind a member: another one, or zeros to the end of the blob, which gzip(1) passes over. */
  #readBetween(): boolean {
    const rest = this.compressed.view(this.#at, this.compressed.end);
    this.compressed.dropBefore(this.#at);
    if (rest.length === 0) return false;
    if (this.#state === "between" && rest[0] !== 0) {
      this.#state = "header";
      return true;
    }
    if (rest.some((byte) => byte !== 0)) throw new UserError("corrupt-layer", "gzip: garbage after the last member");
    this.#state = "padding";
    this.#at = this.compressed.end;
    return false;
  }

  /** True when the member's last block has ended. */
  *#inflate(): Generator<Span, boolean, void> {
    for (;;) {
      const missing = this.#open.opens ? this.#open.from + leastSpanBytes - this.#at : 0;
      const available = this.compressed.end - this.#at;
      if (available === 0) return false;
      const stop = this.#call(missing > 0 ? Math.min(missing, available) : available, missing > 0);
      if (stop !== "idle" && this.#closed !== undefined) yield* this.#give(this.#closed);
      if (stop === "idle" || (stop === "stopped" && missing > 0)) {
        yield* this.#give({ ...(this.#closed ?? this.#span(true)), last: true });
        this.#state = "trailer";
        return true;
      }
      if (stop === "stopped") this.#closed = this.#nextSpan(true);
      else if (this.#isTooLong()) yield* this.#give(this.#nextSpan(false));
    }
  }

  /** Inflates once. "stopped": neither input nor room ran out, so that zlib is behind a block; "idle": and did nothing, so behind the last. */
  #call(length: number, isShort: boolean): "stopped" | "idle" | "ran-out" {
    const room = this.content.room(leastRoom).subarray(0, mostRoom);
    const input = this.compressed.view(this.#at, this.#at + length);
    this.#handle.write(isShort ? constants.Z_SYNC_FLUSH : constants.Z_BLOCK, input, 0, length, room, 0, room.length);
    const { consumed, produced } = this.#handle;
    this.#at += consumed;
    this.content.commit(produced);
    this.#checkBudget();
    if (consumed === length || produced === room.length) return "ran-out";
    return consumed + produced === 0 ? "idle" : "stopped";
  }

  #span(closes: boolean): Span {
    const { from, start, opens, first } = this.#open;
    const { memberStart, end } = { memberStart: this.#memberStart, end: this.content.end };
    return { kind: "span", from, to: this.#at, start, end, memberStart, opens, closes, first, last: false };
  }

  #nextSpan(closes: boolean): Span {
    const span = this.#span(closes);
    this.#open = { from: this.#at, start: this.content.end, opens: closes, first: false };
    return span;
  }

  /** Gives a span, and afterwards lets go of what stands before it, but for the window of the next. */
  *#give(span: Span): Generator<Span, void, void> {
    this.#closed = undefined;
    yield span;
    this.compressed.dropBefore(span.from - 1);
    this.content.dropBefore(Math.min(span.start, span.end - windowBytes));
  }

  #isTooLong(): boolean {
    return this.#at - this.#open.from > mostCompressed || this.content.end - this.#open.start > mostContent;
  }

  #checkBudget(): void {
    const { layerBytes, expansionRatio } = this.#limits;
    const made = this.content.end;
    if (made > layerBytes) throw new UserError("limit", `blob: more than ${layerBytes} uncompressed bytes`);
    if (made > ratioFrom && made > this.#at * expansionRatio)
      throw new UserError("limit", `blob: ${made} bytes from ${this.#at} compressed ones, more than ${expansionRatio} times`);
  }
}
