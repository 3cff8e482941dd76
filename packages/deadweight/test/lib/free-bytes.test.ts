import assert from "node:assert/strict";
import { test } from "node:test";
import { freeBytes } from "../../src/lib/free-bytes.ts";

test("large memory goes with all views on it, memory that small pieces share stays", () => {
  const large = Buffer.alloc(1024 * 1024, "x");
  const view = large.subarray(5, 10);
  freeBytes(view);
  assert.deepEqual([large.length, view.length], [0, 0]);
  const small = Buffer.from("abc");
  freeBytes(small);
  assert.equal(small.toString(), "abc");
  const shared = new Uint8Array(new SharedArrayBuffer(1024 * 1024));
  freeBytes(shared);
  assert.equal(shared.length, 1024 * 1024);
});
