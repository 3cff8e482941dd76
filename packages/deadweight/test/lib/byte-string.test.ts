import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { byteStringFromText, byteStringOf, bytesOf, textOf } from "../../src/lib/byte-string.ts";

test("any bytes become a byte string and the same bytes again, and no two the same", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
      assert.deepEqual([...bytesOf(byteStringOf(one))], [...one]);
      assert.equal(byteStringOf(one) === byteStringOf(other), Buffer.from(one).equals(other));
    }),
  );
});

test("a part of a larger memory, and of shared memory", () => {
  const memory = Buffer.from("0123456789");
  const part = new Uint8Array(memory.buffer, memory.byteOffset + 2, 6);
  assert.equal(byteStringOf(part), "234567");
  assert.equal(byteStringOf(part, 1, 3), "34");
  assert.equal(byteStringOf(part, 4), "67");
  assert.equal(byteStringOf(part, 4, 2), "");
  const shared = new Uint8Array(new SharedArrayBuffer(4));
  shared.set([0x61, 0xff, 0x62, 0]);
  assert.equal(byteStringOf(shared, 0, 3), "a\xffb");
});

test("text for people: UTF-8 where it is valid, else the bytes by number", () => {
  const cases: readonly [string, string][] = [
    ["plain", "plain"],
    ["caf\xc3\xa9", "café"],
    ["caf\xe9", "caf\\xe9"],
    ["\xf0\x9f\x90\xb3", "🐳"],
    ["\xf0\x9f\x90", "\\xf0\\x9f\\x90"],
    // Overlong, a lone surrogate, beyond Unicode: no UTF-8 (RFC 3629).
    ["\xc0\xaf", "\\xc0\\xaf"],
    ["\xed\xa0\x80", "\\xed\\xa0\\x80"],
    ["\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"],
    // A byte order mark is part of a name.
    ["\xef\xbb\xbfname", "\ufeffname"],
    ["\x1b[31m\n", "\x1b[31m\n"],
    ["", ""],
  ];
  for (const [bytes, text] of cases) assert.equal(textOf(bytes), text);
});

test("text that was UTF-8 comes back, whatever it was", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => assert.equal(textOf(byteStringFromText(text)), text)));
});
