import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { HeaderCursor } from "../../../src/catalogers/models/header-cursor.ts";

const bytes = (hex: string): Uint8Array => Buffer.from(hex, "hex");

suite("a header's cursor", () => {
  test("reads numbers in both orders", () => {
    const head = bytes("01 0203 04050607 0000000000000001".replaceAll(" ", ""));
    const little = new HeaderCursor(head, head.length);
    assert.deepEqual([little.u8(), little.u16(), little.u32()], [1, 0x0302, 0x07060504]);
    const big = new HeaderCursor(head, head.length, false);
    assert.deepEqual([big.u8(), big.u16(), big.u32(), big.u64()], [1, 0x0203, 0x04050607, 1]);
    assert.equal(big.state, "fine");
  });

  test("a number above 2^53 is Infinity, and a length of it lies", () => {
    const cursor = new HeaderCursor(bytes("ffffffffffffffff00"), 9);
    const length = cursor.u64();
    assert.equal(length, Infinity);
    cursor.skip(length);
    assert.equal(cursor.state, "lies");
  });

  test("varints go on while the high bit is set, ten bytes at most", () => {
    const cursor = new HeaderCursor(bytes("7fac02ffffffffffffffffff01"), 100);
    assert.deepEqual([cursor.varint(), cursor.varint(), cursor.varint()], [127, 300, Infinity]);
    const endless = new HeaderCursor(bytes("ff".repeat(11)), 11);
    endless.varint();
    assert.equal(endless.state, "lies");
  });

  test("the end of what was kept is short, the end of the file is a lie", () => {
    const short = new HeaderCursor(bytes("0102"), 100);
    assert.equal(short.u32(), 0);
    assert.equal(short.state, "short");
    const lie = new HeaderCursor(bytes("0102"), 2);
    assert.equal(lie.text(3), "");
    assert.equal(lie.state, "lies");
  });

  test("stays where it was stopped", () => {
    const cursor = new HeaderCursor(bytes("01020304"), 100);
    cursor.u8();
    cursor.skip(50);
    assert.deepEqual([cursor.u8(), cursor.position, cursor.state], [0, 1, "short"]);
  });

  test("lines end with a line feed, integers are of any length", () => {
    const cursor = new HeaderCursor(Buffer.from("one\ntwo\n\x01\x00\x01"), 11);
    assert.deepEqual([cursor.line(), cursor.line(), cursor.integer(3), cursor.state], ["one", "two", 65537, "fine"]);
  });
});
