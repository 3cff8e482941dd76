import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { FatbinWalker, type Fatbins } from "../../src/binary/fatbin.ts";
import { containerOf, containersFrom } from "../support/fatbins.ts";

function walked(file: Uint8Array, pieceBytes = file.length): Fatbins | undefined {
  const walker = new FatbinWalker(file.length);
  for (let at = 0; at < file.length; at += pieceBytes) walker.write(file.subarray(at, at + pieceBytes));
  return walker.finish();
}

const [one = Buffer.alloc(0), two = Buffer.alloc(0)] = containersFrom("e86 p75 e90a, e120f", 64);
const file = Buffer.concat([Buffer.alloc(24, 7), one, two, Buffer.alloc(40, 9)]);

test("containers and their entries are found, wherever the pieces end", () => {
  for (const pieceBytes of [1, 3, 7, 8, 16, 61, 64, 100, file.length]) {
    const found = walked(file, pieceBytes);
    assert.deepEqual([...(found?.starts ?? [])], [24, 24 + one.length], `pieces of ${pieceBytes}`);
    assert.deepEqual([...(found?.ends ?? [])], [24 + one.length, 24 + one.length + two.length]);
    assert.deepEqual([...(found?.firsts ?? [])], [0, 3, 4]);
    assert.deepEqual([...(found?.kinds ?? [])], [2, 1, 2, 2]);
    assert.deepEqual([...(found?.archs ?? [])], [86, 75, 90, 120]);
    assert.deepEqual([...(found?.sizes ?? [])], [128, 144, 160, 128]);
    assert.deepEqual([...(found?.flags ?? [])], [0x11, 0x11, 0x100011, 0x200011]);
    assert.deepEqual(
      [...(found?.checksums ?? [])],
      [...(found?.offsets ?? [])].map((offset, place) => crc32(file.subarray(offset, offset + (found?.sizes[place] ?? 0)))),
    );
  }
});

test("zeros behind a container are counted up to what else there is, wherever the pieces end", () => {
  const gap = Buffer.concat([one, Buffer.alloc(24), two, Buffer.alloc(13), Buffer.from([1, 0, 0])]);
  for (const pieceBytes of [1, 5, 8, 13, 64, gap.length]) {
    assert.deepEqual([...(walked(gap, pieceBytes)?.zerosBehind ?? [])], [24, 13], `pieces of ${pieceBytes}`);
  }
});

test("what is not aligned to eight bytes is no container", () => {
  assert.equal(walked(Buffer.concat([Buffer.alloc(4), one])), undefined);
});

const lies: Readonly<Record<string, (container: Buffer) => void>> = {
  "another magic": (container) => container.writeUInt32LE(0x1ee55a01, 0),
  "another version": (container) => container.writeUInt16LE(2, 4),
  "another header size": (container) => container.writeUInt16LE(24, 6),
  "no content": (container) => container.writeBigUInt64LE(0n, 8),
  "more than the file has": (container) => container.writeBigUInt64LE(1n << 40n, 8),
  "more than any file has": (container) => container.writeBigUInt64LE((1n << 64n) - 1n, 8),
  "less than an entry has": (container) => container.writeBigUInt64LE(BigInt(container.length - 24), 8),
  "an entry without header": (container) => container.writeUInt32LE(0, 16 + 4),
  "an entry with half a header": (container) => container.writeUInt32LE(32, 16 + 4),
  "an entry with a large header": (container) => container.writeUInt32LE(0xfffffff8, 16 + 4),
  "an odd header size": (container) => container.writeUInt32LE(68, 16 + 4),
  "an odd payload size": (container) => container.writeBigUInt64LE(63n, 16 + 8),
  "an entry of more than the container": (container) => container.writeBigUInt64LE(4096n, 16 + 8),
  "an entry of more than any file": (container) => container.writeBigUInt64LE((1n << 64n) - 8n, 16 + 8),
};

for (const [name, lie] of Object.entries(lies)) {
  test(`a container that lies is none, and the next one is found: ${name}`, () => {
    const lying = containerOf([{ arch: 86 }]);
    lie(lying);
    assert.equal(walked(lying), undefined);
    const found = walked(Buffer.concat([lying, Buffer.alloc(8), one]));
    // One that claims the bytes of the next takes them with it.
    if (found !== undefined) assert.deepEqual([[...found.starts], [...found.firsts]], [[lying.length + 8], [0, 3]]);
  });
}

test("whatever the bytes say, entries lie in their containers and these in the file, apart", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 6 }), (changes) => {
      const bytes = Buffer.from(file);
      for (const [at, value] of changes) bytes[at] = value;
      const found = walked(bytes, 50);
      let place = 0;
      for (const [container, start] of (found?.starts ?? new Float64Array(0)).entries()) {
        assert.ok(start >= place);
        place = start + 16;
        for (let entry = found?.firsts[container] ?? 0; entry < (found?.firsts[container + 1] ?? 0); entry++) {
          assert.equal(found?.offsets[entry], place);
          place += found?.sizes[entry] ?? 0;
        }
        assert.equal(found?.ends[container], place);
      }
      assert.ok(place <= bytes.length);
      assert.equal(found?.checksums.length, found?.offsets.length);
    }),
    { numRuns: 200 },
  );
});
