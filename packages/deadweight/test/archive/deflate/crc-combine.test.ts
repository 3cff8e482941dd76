import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { combineCrc } from "../../../src/archive/deflate/crc-combine.ts";

test("two CRCs combine to that of both pieces", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.uint8Array({ maxLength: 500 }), (first, second) => {
      assert.equal(combineCrc(crc32(first), crc32(second), second.length), crc32(Buffer.concat([first, second])));
    }),
    { seed: 1 },
  );
});

test("lengths beyond 32 bits count in full", () => {
  // The CRC of 2^33 zeros behind "a", from the one of 2^20 zeros put together again and again.
  const block = crc32(Buffer.alloc(2 ** 20));
  let crc = crc32("a");
  for (let count = 0; count < 2 ** 13; count++) crc = combineCrc(crc, block, 2 ** 20);
  let zeros = block;
  for (let length = 2 ** 20; length < 2 ** 33; length *= 2) zeros = combineCrc(zeros, zeros, length);
  assert.equal(combineCrc(crc32("a"), zeros, 2 ** 33), crc);
});
