import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { SlidingBytes } from "../../../src/archive/deflate/sliding-bytes.ts";
import { mixedContent } from "../../support/gzip-streams.ts";

test("what was appended and not let go is there, wherever it lies by now", () => {
  const steps = fc.array(fc.record({ add: fc.nat(300), keep: fc.nat(400) }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 500 }), (list, capacity) => {
      const content = mixedContent(300 * 60, 1);
      const bytes = new SlidingBytes(capacity);
      let end = 0;
      let start = 0;
      for (const { add, keep } of list) {
        bytes.append(content.subarray(end, end + add));
        end += add;
        start = Math.max(start, end - keep);
        bytes.dropBefore(start);
        assert.deepEqual([bytes.start, bytes.end], [start, end]);
        assert.ok(content.subarray(start, end).equals(bytes.view(start, end)));
      }
    }),
    { seed: 1 },
  );
});

test("room is as large as asked for, and what is written there counts once committed", () => {
  const bytes = new SlidingBytes(4);
  assert.ok(bytes.room(1000).length >= 1000);
  bytes.room(3).set([1, 2, 3]);
  bytes.commit(2);
  assert.deepEqual([...bytes.view(0, bytes.end)], [1, 2]);
});

test("what was let go or is not there yet can't be seen", () => {
  const bytes = new SlidingBytes(4);
  bytes.append(Uint8Array.of(1, 2, 3));
  bytes.dropBefore(1);
  assert.throws(() => bytes.view(0, 2), RangeError);
  assert.throws(() => bytes.view(1, 4), RangeError);
});
