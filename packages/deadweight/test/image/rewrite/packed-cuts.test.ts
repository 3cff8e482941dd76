import assert from "node:assert/strict";
import { test } from "node:test";
import type { LayerCut } from "../../../src/image/rewrite/layer-cut.ts";
import { packCuts, packedMemory, unpackCuts } from "../../../src/image/rewrite/packed-cuts.ts";

test("cuts of every kind come out of a message to a thread as they went in", () => {
  const attributes = { mode: 0, uid: 5_000_000, gid: 0, mtime: -1.5, xattrs: new Map<string, string>() };
  const cuts: readonly LayerCut[] = [
    { start: 0, end: 512 },
    { start: 1024, end: 1024, before: Uint8Array.of(1) },
    { start: 1024, end: 1100, zeros: 0 },
    { start: 1200, end: 2000, after: Uint8Array.of(4), zeros: 2 ** 40 },
    { start: 2048, end: 4096, header: { bytes: 512, change: {} } },
    { start: 4096, end: 2 ** 45, header: { bytes: 1536, change: { size: 0, attributes } }, after: Uint8Array.of(2, 3) },
    { start: 2 ** 46, end: 2 ** 47, header: { bytes: 512, change: { name: "\xff", linkname: "b" } } },
    {
      start: 2 ** 48,
      end: 2 ** 49,
      header: { bytes: 0, change: { attributes: { ...attributes, xattrs: new Map([["user.a", "\0"]]) } } },
    },
  ];
  const packed = packCuts(cuts);
  assert.deepEqual([...unpackCuts(structuredClone(packed, { transfer: packedMemory(packed) }))], cuts);
  assert.ok(packed.starts.length + packed.after.bytes.length === 0, "the memory is the thread's now");
  assert.deepEqual([...unpackCuts(packCuts([]))], []);
});

test("bytes that many cuts have in common are held once", () => {
  const [shared, own] = [new Uint8Array(600).fill(7), new Uint8Array(50).fill(8)];
  const cuts = Array.from({ length: 1000 }, (_, place): LayerCut => ({
    start: 1000 * place,
    end: 1000 * place + 900,
    after: place === 500 ? own : shared,
  }));
  const packed = packCuts(cuts);
  assert.equal(packed.after.bytes.length, 650);
  assert.deepEqual([...unpackCuts(packed)], cuts);
});
