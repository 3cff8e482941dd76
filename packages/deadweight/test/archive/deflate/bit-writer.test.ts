import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateRawSync } from "node:zlib";
import { BitWriter } from "../../../src/archive/deflate/bit-writer.ts";

/** A block with a fixed code that holds the letter "a", 18 bits: its code is 10010001, highest bit first. */
function letter(writer: BitWriter): void {
  writer.bits(0b010, 3);
  writer.bits(0b10001001, 8);
  writer.bits(0, 7);
}

function bytesOf(writer: BitWriter): Buffer {
  return Buffer.concat(writer.take(true));
}

test("bits come lowest first", () => {
  const writer = new BitWriter();
  writer.bits(0b1, 1);
  writer.bits(0b010, 3);
  writer.bits(0xabc, 12);
  assert.equal(writer.bit, 0);
  assert.equal(writer.length, 2);
  assert.equal(bytesOf(writer).toString("hex"), "c5ab");
});

test("empty blocks lead from any bit to any other, and mean nothing", () => {
  for (let from = 0; from < 8; from++) {
    for (let to = 0; to < 8; to++) {
      const writer = new BitWriter();
      // A letter adds two bits to whole bytes, and the longest way to an odd bit is over one dynamic block.
      writer.moveToBit(from);
      letter(writer);
      writer.moveToBit(to);
      assert.equal(writer.bit, to);
      letter(writer);
      writer.lastBlock();
      assert.equal(inflateRawSync(bytesOf(writer)).toString(), "aa", `${from} to ${to}`);
    }
  }
});

test("an odd number of bits further takes 91 bits, an even one 10 for each two, a whole byte a stored block", () => {
  const bitsFor = (from: number, to: number): number => {
    const writer = new BitWriter();
    writer.bits(0, from);
    writer.moveToBit(to);
    return 8 * writer.length + writer.bit - from;
  };
  assert.deepEqual([bitsFor(3, 3), bitsFor(1, 3), bitsFor(3, 1), bitsFor(2, 5), bitsFor(2, 7)], [0, 10, 30, 91, 101]);
  assert.deepEqual([bitsFor(0, 0), bitsFor(5, 0), bitsFor(6, 0)], [0, 35, 42]);
});

test("a byte begun is filled up with the upper bits of another", () => {
  const writer = new BitWriter();
  writer.bits(0b101, 3);
  writer.restOfByte(0b01000_010);
  writer.bytes(Uint8Array.of(7));
  assert.deepEqual([...bytesOf(writer)], [0b01000_101, 7]);
});

test("bytes come in pieces, each given once", () => {
  const writer = new BitWriter();
  writer.bytes(Buffer.alloc(300_000, 1));
  const first = writer.take();
  writer.bytes(Buffer.alloc(300_000, 2));
  const rest = writer.take(true);
  assert.deepEqual(writer.take(true), []);
  assert.ok(Buffer.concat([...first, ...rest]).equals(Buffer.concat([Buffer.alloc(300_000, 1), Buffer.alloc(300_000, 2)])));
  assert.equal(first.length, 1);
  assert.equal(writer.length, 600_000);
});

test("whole bytes are refused in the middle of one", () => {
  const writer = new BitWriter();
  writer.bits(1, 1);
  assert.throws(() => writer.bytes(Uint8Array.of(1)), /1 bits before whole bytes/);
});
