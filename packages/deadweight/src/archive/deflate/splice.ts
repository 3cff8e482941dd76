import { createHash } from "node:crypto";
import { UserError } from "../../lib/user-error.ts";
import type { Limits } from "../limits.ts";
import { BitWriter } from "./bit-writer.ts";
import { ContentSums } from "./content-sums.ts";
import { orderedCuts, type Cut } from "./cut.ts";
import { FirstBit } from "./first-bit.ts";
import { FreshDeflate } from "./fresh-deflate.ts";
import { plainHeader, trailer } from "./gzip-member.ts";
import { InflateBlocks, windowBytes, type Span } from "./inflate-blocks.ts";

export interface SpliceOptions {
  readonly limits: Limits;
  /** For what is deflated anew, 1 to 9; 6 without. */
  readonly level?: number;
  readonly signal?: AbortSignal;
}

/** What came out of a splice. */
export interface Spliced {
  /** `sha256:…` of the new blob, and its size. */
  readonly digest: string;
  readonly compressedBytes: number;
  /** `sha256:…` of the new uncompressed stream, and its size. */
  readonly diffId: string;
  readonly tarBytes: number;
  /** Uncompressed bytes that were deflated anew, replacements included. */
  readonly deflatedBytes: number;
}

/**
 * Writes a gzip blob again with cuts in its content, ascending: one member with a plain header. Blocks that no cut touches and whose
 * 32 KiB window is unchanged are copied bit for bit; the rest is deflated anew. The same blob, cuts and level give the same bytes,
 * however the source comes. The source's own checksums are checked. Throws UserError `corrupt-layer`, `limit`, or `not-spliceable`:
 * recompress then. A piece given to `sink` is valid until its promise resolves; when this throws, what came is worth nothing.
 */
export async function spliceGzip(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  cuts: readonly Cut[],
  sink: (piece: Uint8Array) => Promise<void> | void,
  options: SpliceOptions,
): Promise<Spliced> {
  const blocks = new InflateBlocks(options.limits);
  const splicer = new Splicer(blocks, [...orderedCuts(cuts)], sink, options.level ?? 6);
  try {
    for await (const piece of source) {
      options.signal?.throwIfAborted();
      await splicer.follow(blocks.push(piece));
    }
    await splicer.follow(blocks.end());
    return await splicer.finish();
  } finally {
    blocks.close();
  }
}

/** Blocks that are being copied: the first byte of the source that is not written, and where their content starts. */
interface Copying {
  at: number;
  readonly start: number;
}

class Splicer {
  readonly #blocks: InflateBlocks;
  readonly #cuts: readonly Cut[];
  readonly #sink: (piece: Uint8Array) => Promise<void> | void;
  readonly #firstBit: FirstBit;
  readonly #writer = new BitWriter();
  readonly #fresh: FreshDeflate;
  readonly #sums = new ContentSums();
  readonly #blobHash = createHash("sha256");
  /** The cut that comes next or is under way, and the end of the one before it. */
  #cut = 0;
  #isCutting = false;
  #cutEnd = -Infinity;
  #copying: Copying | undefined;
  #previous: Span | undefined;

  constructor(blocks: InflateBlocks, cuts: readonly Cut[], sink: (piece: Uint8Array) => Promise<void> | void, level: number) {
    this.#blocks = blocks;
    this.#cuts = cuts;
    this.#sink = sink;
    this.#firstBit = new FirstBit(blocks);
    this.#fresh = new FreshDeflate(this.#writer, level);
    this.#writer.bytes(plainHeader());
  }

  async follow(found: ReturnType<InflateBlocks["push"]>): Promise<void> {
    for (const one of found) {
      if (one.kind === "member-end") this.#sums.endMember(one.crc);
      else await this.#span(one);
      await this.#drain();
    }
  }

  async #span(span: Span): Promise<void> {
    if (this.#isUntouched(span)) this.#copying ??= this.#startCopying(span);
    else if (this.#copying !== undefined) this.#stopCopying(this.#copying, this.#firstBitOf(span), span.start);
    if (this.#copying === undefined) await this.#deflateAnew(span);
    else this.#copy(span, this.#copying);
    this.#previous = span;
  }

  async finish(): Promise<Spliced> {
    const end = this.#blocks.content.end;
    for (const cut of this.#cuts.slice(this.#cut)) {
      if (cut.end > end)
        throw new UserError("corrupt-layer", `gzip: the content ends at ${end}, before the end of a cut at ${cut.end}`);
      await this.#replace(cut);
    }
    this.#fresh.flush();
    this.#writer.lastBlock();
    const { crc, sha256 } = this.#sums.finish();
    this.#writer.bytes(trailer(crc, this.#sums.length));
    await this.#drain(true);
    return {
      digest: `sha256:${this.#blobHash.digest("hex")}`,
      compressedBytes: this.#writer.length,
      diffId: `sha256:${sha256}`,
      tarBytes: this.#sums.length,
      deflatedBytes: this.#fresh.length,
    };
  }

  /** Whether a span's blocks mean the same in the new stream: no cut in them, none in what they may refer to. */
  #isUntouched(span: Span): boolean {
    const next = this.#cuts[this.#cut];
    if (!span.opens || !span.closes || (next !== undefined && next.start < span.end)) return false;
    return this.#cutEnd <= Math.max(span.memberStart, span.start - windowBytes);
  }

  /** Brings the new stream to the bit of a byte where the span begins; undefined when that bit can't be told. */
  #startCopying(span: Span): Copying | undefined {
    const bit = this.#firstBit.of(span, this.#previous);
    if (bit === undefined) return undefined;
    this.#fresh.flush();
    this.#writer.moveToBit(bit % 8);
    return { at: Math.floor(bit / 8), start: span.start };
  }

  #copy(span: Span, copying: Copying): void {
    this.#keep(span.start, span.end, false);
    if (!span.last) return this.#copyBytes(copying, span.to - 1);
    // More blocks follow, of the next member or an empty last one: this one is the last no more.
    const { lastBlockBit, endBit } = this.#firstBit.tail(span, this.#firstBitOf(span));
    const byte = Math.floor(lastBlockBit / 8);
    const bytes = this.#blocks.compressed.view(byte, byte + 1);
    bytes[0] = (bytes[0] ?? 0) & ~(1 << (lastBlockBit % 8));
    this.#stopCopying(copying, endBit, span.end);
  }

  /** Writes the source's bytes up to one of which more may be needed later, or only a part. */
  #copyBytes(copying: Copying, to: number): void {
    const bytes = this.#blocks.compressed.view(copying.at, to);
    if (bytes.length === 0) return;
    const isHalf = this.#writer.bit > 0;
    if (isHalf) this.#writer.restOfByte(bytes[0] ?? 0);
    this.#writer.bytes(isHalf ? bytes.subarray(1) : bytes);
    copying.at = to;
  }

  /** Copies up to a bit of the source, where a block ends; `place` is what the content has come to. */
  #stopCopying(copying: Copying, bit: number, place: number): void {
    const byte = Math.floor(bit / 8);
    this.#copyBytes(copying, byte);
    const { compressed, content } = this.#blocks;
    if (bit % 8 > 0) this.#writer.bits((compressed.view(byte, byte + 1)[0] ?? 0) & ((1 << (bit % 8)) - 1), bit % 8);
    this.#fresh.follow(content.view(Math.max(copying.start, place - windowBytes), place));
    this.#copying = undefined;
  }

  #firstBitOf(span: Span): number {
    const bit = this.#firstBit.of(span, this.#previous);
    if (bit !== undefined) return bit;
    throw new UserError("not-spliceable", `gzip: where in byte ${span.from - 1} a deflate block begins can't be told`);
  }

  /** Writes a span's content, with what cuts leave of it, as new blocks. */
  async #deflateAnew(span: Span): Promise<void> {
    let place = span.start;
    for (let cut = this.#cuts[this.#cut]; cut !== undefined && cut.start < span.end; cut = this.#cuts[this.#cut]) {
      if (!this.#isCutting) {
        this.#keep(place, cut.start, true);
        await this.#replace(cut);
        place = cut.start;
      }
      const end = Math.min(cut.end, span.end);
      this.#sums.dropped(this.#blocks.content.view(place, end));
      place = end;
      this.#isCutting = cut.end > span.end;
      if (this.#isCutting) return;
      this.#cutEnd = cut.end;
      this.#cut++;
    }
    this.#keep(place, span.end, true);
  }

  #keep(from: number, to: number, isDeflated: boolean): void {
    const bytes = this.#blocks.content.view(from, to);
    this.#sums.kept(bytes);
    if (isDeflated) this.#fresh.write(bytes);
  }

  async #replace(cut: Cut): Promise<void> {
    let length = 0;
    for await (const chunk of cut.replacement?.chunks ?? []) {
      this.#sums.added(chunk);
      this.#fresh.write(chunk);
      length += chunk.length;
      await this.#drain();
    }
    const size = cut.replacement?.size ?? 0;
    if (length !== size) throw new RangeError(`the replacement at ${cut.start} has ${length} bytes, not ${size}`);
  }

  async #drain(all = false): Promise<void> {
    for (const piece of this.#writer.take(all)) {
      this.#blobHash.update(piece);
      await this.#sink(piece);
      this.#writer.giveBack(piece);
    }
  }
}
