import { BlockWalker, type Passage } from "./block-walker.ts";
import { windowBytes, type InflateBlocks, type Span } from "./inflate-blocks.ts";

/** So many symbols tell a wrong bit from the right one nearly always. */
const fewSymbols = 64;

/** Where the deflate data of a member ends, and where its last block begins, as bits of the compressed stream. */
export interface MemberTail {
  readonly lastBlockBit: number;
  readonly endBit: number;
}

/**
 * Finds the bit at which a span begins. zlib told the byte, so there are eight; all but one fail to give what zlib made of them, or don't
 * follow from the span before. The right one is always among them: where one is left, it is proven.
 */
export class FirstBit {
  readonly #blocks: InflateBlocks;
  readonly #walker = new BlockWalker();

  constructor(blocks: InflateBlocks) {
    this.#blocks = blocks;
  }

  /** The first bit of a span; undefined when it can't be told. `previous` is the span given just before. */
  of(span: Span, previous: Span | undefined): number | undefined {
    const few = this.#candidates(span);
    if (few.length === 1) return few[0];
    const passage = this.#passage(span);
    const whole = span.closes ? few.filter((bit) => this.#walk(span, passage, bit) !== undefined) : few;
    if (whole.length === 1 || previous?.closes !== true || previous.end !== span.start) return only(whole);
    const before = this.#passage(previous);
    const ends = new Set(this.#candidates(previous).map((bit) => this.#walk(previous, before, bit)));
    return only(whole.filter((bit) => ends.has(bit)));
  }

  /** What the last span of a member holds, begun at its first bit. */
  tail(span: Span, bit: number): MemberTail {
    const endBit = this.#walk(span, this.#passage(span), bit);
    if (endBit === undefined) throw new Error(`the blocks at bit ${bit} are not what zlib made of them`);
    return { lastBlockBit: this.#walker.lastBlockBit + 8 * firstByte(span), endBit };
  }

  #candidates(span: Span): readonly number[] {
    if (span.first) return [8 * span.from];
    if (!span.opens) return [];
    const passage = this.#passage(span);
    const bits = [1, 2, 3, 4, 5, 6, 7, 8].filter((bit) => this.#walker.mayBeginAt(passage, bit, fewSymbols));
    return bits.map((bit) => bit + 8 * firstByte(span));
  }

  #walk(span: Span, passage: Passage, bit: number): number | undefined {
    const end = this.#walker.endFrom(passage, bit - 8 * firstByte(span));
    return end === undefined ? undefined : end + 8 * firstByte(span);
  }

  #passage(span: Span): Passage {
    const { compressed, content } = this.#blocks;
    const known = Math.max(content.start, span.start - windowBytes);
    return {
      compressed: compressed.view(firstByte(span), span.to),
      content: content.view(known, span.end),
      contentStart: span.start - known,
      reach: Math.min(windowBytes, span.start - span.memberStart),
      closes: span.closes,
    };
  }
}

/** The first byte that may hold bits of a span. */
function firstByte(span: Span): number {
  return span.first ? span.from : span.from - 1;
}

function only(bits: readonly number[]): number | undefined {
  return bits.length === 1 ? bits[0] : undefined;
}
