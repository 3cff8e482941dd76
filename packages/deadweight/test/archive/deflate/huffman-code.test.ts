import assert from "node:assert/strict";
import { test } from "node:test";
import { fillCodeTable } from "../../../src/archive/deflate/huffman-code.ts";

const table = new Uint16Array(1 << 15);
const fill = (lengths: readonly number[], allowsLone = false): number =>
  fillCodeTable(table, Uint8Array.from(lengths), allowsLone);
const symbolsOf = (bits: number): readonly (readonly [symbol: number, length: number])[] =>
  [...table.subarray(0, 1 << bits)].map((entry) => [entry >> 4, entry & 15]);

test("the example of RFC 1951 3.2.2: ABCDEFGH with lengths 3, 3, 3, 3, 3, 2, 4, 4", () => {
  assert.equal(fill([3, 3, 3, 3, 3, 2, 4, 4]), 4);
  // F is 00, A 010 to E 110, G 1110, H 1111; the first bit is the lowest of the index.
  const codes = { F: "00", A: "010", B: "011", C: "100", D: "101", E: "110", G: "1110", H: "1111" };
  for (const [letter, code] of Object.entries(codes)) {
    const index = Number.parseInt(code.split("").reverse().join(""), 2);
    for (let upper = 0; upper < 16; upper += 1 << code.length) {
      assert.deepEqual(symbolsOf(4)[index + upper], ["ABCDEFGH".indexOf(letter), code.length], code);
    }
  }
});

test("codes that overlap or leave gaps are none", () => {
  assert.equal(fill([1, 1, 1]), -1);
  assert.equal(fill([1, 2]), -1);
  assert.equal(fill([2, 2, 2], true), -1);
  assert.equal(fill([2], true), -1);
  assert.equal(fill(Array.from({ length: 320 }, () => 8)), -1);
});

test("a lone code of one bit and no code at all are fine where zlib takes them", () => {
  assert.equal(fill([0, 1, 0], true), 1);
  assert.deepEqual(symbolsOf(1), [
    [1, 1],
    [0, 0],
  ]);
  assert.equal(fill([0, 1, 0]), -1);
  assert.equal(fill([0, 0], true), 0);
  assert.equal(fill([0, 0]), -1);
});
