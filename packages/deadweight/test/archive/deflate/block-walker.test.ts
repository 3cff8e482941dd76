import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, inflateRawSync } from "node:zlib";
import { BitWriter } from "../../../src/archive/deflate/bit-writer.ts";
import { BlockWalker, type Passage } from "../../../src/archive/deflate/block-walker.ts";
import { gzipOf, mixedContent, type GzipRecipe } from "../../support/gzip-streams.ts";
import { seededRandom } from "../../support/random.ts";

const recipes: readonly GzipRecipe[] = [
  {},
  { level: 0 },
  { level: 9, memLevel: 1, windowBits: 9 },
  { strategy: constants.Z_FIXED, memLevel: 1 },
  { strategy: constants.Z_HUFFMAN_ONLY },
  { strategy: constants.Z_RLE, flushes: [5000, 5000, 9000], flush: constants.Z_PARTIAL_FLUSH },
];
const content = mixedContent(40_000, 1);

/** A whole deflate stream as one passage. */
function passageOf(compressed: Uint8Array, made: Uint8Array): Passage {
  return { compressed, content: made, contentStart: 0, reach: 0, closes: true };
}

/** Writes "a" in a block with a fixed code, 18 bits. */
function letter(writer: BitWriter): void {
  writer.bits(0b010, 3);
  writer.bits(0b10001001, 8);
  writer.bits(0, 7);
}

test("the end is told to the bit, and where the last block begins", () => {
  const writer = new BitWriter();
  letter(writer);
  letter(writer);
  writer.moveToBit(7);
  letter(writer);
  writer.lastBlock();
  const bytes = Buffer.concat(writer.take(true));
  // 36 bits, 91 to the next byte's bit 7, 18, and an empty last block of 10.
  const walker = new BlockWalker();
  assert.equal(walker.endFrom(passageOf(bytes, Buffer.from("aaa")), 0), 155);
  assert.equal(walker.lastBlockBit, 145);
  assert.equal(walker.endFrom(passageOf(bytes, Buffer.from("aab")), 0), undefined);
  assert.equal(walker.endFrom(passageOf(bytes, Buffer.from("aa")), 0), undefined);
  assert.equal(walker.endFrom(passageOf(bytes, Buffer.from("aaaa")), 0), undefined);
});

test("all that zlib writes is walked to its end, from no other bit near the start", () => {
  const walker = new BlockWalker();
  for (const recipe of recipes) {
    const stream = gzipOf(content, recipe).subarray(10, -8);
    const passage = passageOf(stream, content);
    const end = walker.endFrom(passage, 0) ?? 0;
    assert.equal(Math.ceil(end / 8), stream.length, JSON.stringify(recipe));
    for (let bit = 1; bit <= 8; bit++) {
      // A stored block fills its first byte up with zeros, and might as well begin later there.
      if (((stream[0] ?? 0) & 0b110) === 0 && bit < 6) continue;
      assert.equal(walker.mayBeginAt(passage, bit, 64), false, `bit ${bit} of ${JSON.stringify(recipe)}`);
    }
  }
});

test("a stream that goes on beyond what is known is not refused, wherever it stops", () => {
  const walker = new BlockWalker();
  for (const recipe of recipes) {
    const stream = gzipOf(content, recipe).subarray(10, -8);
    for (let length = 1; length < stream.length - 1; length += 97) {
      const compressed = stream.subarray(0, length);
      const made = inflateRawSync(compressed, { finishFlush: constants.Z_SYNC_FLUSH });
      const passage = { ...passageOf(compressed, made), closes: false };
      assert.ok(walker.mayBeginAt(passage, 0, Infinity), `${length} bytes of ${JSON.stringify(recipe)}`);
      assert.equal(walker.endFrom(passage, 0), undefined);
    }
  }
});

test("a match reaches no farther back than it may", () => {
  const text = Buffer.from("abcdefgh".repeat(20));
  const stream = gzipOf(text).subarray(10, -8);
  const walker = new BlockWalker();
  const second = passageOf(stream, text);
  assert.ok(walker.endFrom(second, 0) !== undefined);
  // The matches reach back 8 bytes: with other bytes before it the same stream still means what it says.
  const before = Buffer.from("other bytes");
  const shifted = { ...second, content: Buffer.concat([before, text]), contentStart: before.length, reach: before.length };
  assert.equal(walker.endFrom(shifted, 0), walker.endFrom(second, 0));
  // A fixed block: a match of 3 bytes at distance 1 with nothing before it.
  const writer = new BitWriter();
  writer.bits(0b011, 3);
  writer.bits(0b1000000, 7);
  writer.bits(0, 5);
  writer.bits(0, 7);
  writer.moveToBit(0);
  const match = Buffer.concat(writer.take(true)).subarray(0, 3);
  assert.equal(walker.endFrom({ ...passageOf(match, Buffer.from("xxxx")), contentStart: 1, reach: 1 }, 0), 22);
  assert.equal(walker.endFrom({ ...passageOf(match, Buffer.from("xxxx")), contentStart: 1, reach: 0 }, 0), undefined);
});

test("whatever the bytes are, an answer comes", () => {
  const random = seededRandom(1);
  const walker = new BlockWalker();
  for (let turn = 0; turn < 3000; turn++) {
    const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 100) }, () => random() * 256));
    const made = mixedContent(Math.floor(random() * 200), turn, 10);
    const passage = { ...passageOf(bytes, made), contentStart: Math.floor(random() * made.length), closes: turn % 2 === 0 };
    const end = walker.endFrom(passage, Math.floor(random() * 9));
    assert.ok(end === undefined || Math.ceil(end / 8) === bytes.length);
  }
});
