import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, crc32, inflateRawSync } from "node:zlib";
import { BitWriter } from "../../../src/archive/deflate/bit-writer.ts";
import { FirstBit } from "../../../src/archive/deflate/first-bit.ts";
import { InflateBlocks, type MemberEnd, type Span } from "../../../src/archive/deflate/inflate-blocks.ts";
import { defaultLimits } from "../../../src/archive/limits.ts";
import { gzipOf, mixedContent, type GzipRecipe } from "../../support/gzip-streams.ts";

const flushes = [20_000, 20_000, 20_001, 90_000];
const recipes: readonly GzipRecipe[] = [
  { memLevel: 1 },
  { level: 0 },
  { level: 9, memLevel: 2, windowBits: 9 },
  { strategy: constants.Z_FIXED, memLevel: 1 },
  { strategy: constants.Z_HUFFMAN_ONLY, memLevel: 3 },
  { memLevel: 1, flushes, flush: constants.Z_PARTIAL_FLUSH },
  { memLevel: 1, flushes, flush: constants.Z_FULL_FLUSH, borders: [0, 50, 60_000, 60_000] },
];
const content = mixedContent(150_000, 1, 3000);

interface Seen {
  readonly span: Span;
  readonly bit: number | undefined;
}

/** All that is found in a blob that comes in pieces of one size, with the first bits of the spans. */
function findIn(blob: Uint8Array, pieceSize: number, each: (blocks: InflateBlocks, span: Span) => void = () => {}) {
  const blocks = new InflateBlocks(defaultLimits);
  const firstBit = new FirstBit(blocks);
  const spans: Seen[] = [];
  const ends: MemberEnd[] = [];
  const take = (found: Iterable<Span | MemberEnd>): void => {
    for (const one of found) {
      if (one.kind === "member-end") ends.push(one);
      else {
        each(blocks, one);
        spans.push({ span: one, bit: firstBit.of(one, spans.at(-1)?.span) });
      }
    }
  };
  for (let at = 0; at < blob.length; at += pieceSize) take(blocks.push(blob.subarray(at, at + pieceSize)));
  take(blocks.end());
  blocks.close();
  return { spans, ends };
}

test("spans follow one another from a member's start to its end, with their content", () => {
  for (const recipe of recipes) {
    const blob = gzipOf(content, recipe);
    const { spans, ends } = findIn(blob, blob.length, (blocks, span) => {
      assert.ok(content.subarray(span.start, span.end).equals(blocks.content.view(span.start, span.end)));
      const from = span.first ? span.from : span.from - 1;
      assert.ok(blob.subarray(from, span.to).equals(blocks.compressed.view(from, span.to)));
    });
    const borders = [0, ...(recipe.borders ?? []), content.length];
    assert.deepEqual(
      ends.map(({ crc }) => crc),
      borders.slice(1).map((border, index) => crc32(content.subarray(borders[index], border))),
    );
    let last: Span | undefined;
    for (const { span } of spans) {
      assert.ok(span.opens && span.closes);
      assert.equal(span.start, last?.end ?? 0);
      assert.equal(span.first, last?.last ?? true);
      if (last?.last === false) assert.equal(span.from, last.to);
      last = span;
    }
    assert.equal(last?.end, content.length);
    assert.equal(spans.filter(({ span }) => span.last).length, borders.length - 1);
    if (recipe.memLevel === 1) assert.ok(spans.length > 30, `${spans.length} spans`);
  }
});

test("a span begins at its first bit: what stands before it in its member, ended there, is a stream of its own", () => {
  for (const recipe of recipes) {
    const blob = gzipOf(content, recipe);
    let memberFrom = 0;
    for (const { span, bit } of findIn(blob, blob.length).spans) {
      assert.ok(bit !== undefined, JSON.stringify(recipe));
      if (span.first) memberFrom = span.from;
      const byte = Math.floor(bit / 8);
      const writer = new BitWriter();
      writer.bytes(blob.subarray(memberFrom, byte));
      writer.bits((blob[byte] ?? 0) & ((1 << (bit % 8)) - 1), bit % 8);
      writer.lastBlock();
      const before = inflateRawSync(Buffer.concat(writer.take(true)));
      assert.ok(before.equals(content.subarray(span.memberStart, span.start)), `${JSON.stringify(recipe)} at bit ${bit}`);
    }
  }
});

test("the same is found however the blob is cut up", () => {
  const long = mixedContent(1_500_000, 2);
  for (const recipe of recipes) {
    const blob = gzipOf(long, recipe);
    const whole = findIn(blob, blob.length);
    for (const size of [1000, 65_537, 262_144]) assert.deepEqual(findIn(blob, size), whole);
  }
  const blob = gzipOf(content);
  assert.deepEqual(findIn(blob, 1), findIn(blob, blob.length));
});

test("where the span before is not known, the bit at which a stored block begins is not told", () => {
  const blob = gzipOf(content, { memLevel: 1, flushes: [60_000] });
  const blocks = new InflateBlocks(defaultLimits);
  const firstBit = new FirstBit(blocks);
  const bits: (readonly [number | undefined, number | undefined])[] = [];
  let previous: Span | undefined;
  const take = (found: Iterable<Span | MemberEnd>): void => {
    for (const span of found) {
      if (span.kind === "member-end") continue;
      bits.push([firstBit.of(span, undefined), firstBit.of(span, previous)]);
      previous = span;
    }
  };
  take(blocks.push(blob));
  take(blocks.end());
  blocks.close();
  for (const [alone, following] of bits) assert.ok(alone === undefined || alone === following);
  assert.ok(bits.some(([alone]) => alone === undefined));
  assert.ok(bits.filter(([alone]) => alone !== undefined).length > bits.length / 2);
});

test("little is held at a time, whatever comes in one piece", () => {
  const long = mixedContent(8_000_000, 3);
  const blob = gzipOf(long);
  const { spans } = findIn(blob, blob.length, (blocks) => {
    assert.ok(blocks.compressed.end - blocks.compressed.start < 1_000_000);
    assert.ok(blocks.content.end - blocks.content.start < 3_000_000);
  });
  assert.equal(spans.at(-1)?.span.end, long.length);
});
