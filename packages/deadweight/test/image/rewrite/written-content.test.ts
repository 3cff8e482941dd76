import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { defaultLimits } from "../../../src/archive/limits.ts";
import { WrittenContent } from "../../../src/image/rewrite/written-content.ts";

const kinds = ["gzip", "zstd", "none"] as const;
type Kind = (typeof kinds)[number];

/** More than a decoder gives at once, and not of one byte alone. */
const content = Buffer.concat([randomBytes(700_000), Buffer.alloc(900_000, "long runs ")]);

function compressed(kind: Kind, bytes: Buffer): Buffer {
  if (kind === "none") return bytes;
  return kind === "gzip" ? gzipSync(bytes) : zstdCompressSync(bytes);
}

/** Gives the blob in pieces of 100,001 bytes, after all of what it should hold. */
function compare(kind: Kind, expected: Buffer, blob: Buffer): void {
  const written = new WrittenContent(kind, defaultLimits);
  try {
    for (let at = 0; at < expected.length; at += 65_536) written.expect(expected.subarray(at, at + 65_536));
    for (let at = 0; at < blob.length; at += 100_001) written.write(blob.subarray(at, at + 100_001));
    written.end();
  } finally {
    written.close();
  }
}

for (const kind of kinds) {
  test(`${kind}: the same content passes, of no bytes too`, () => {
    compare(kind, content, compressed(kind, content));
    compare(kind, Buffer.alloc(0), compressed(kind, Buffer.alloc(0)));
  });

  test(`${kind}: one byte that is another is told`, () => {
    const other = Buffer.from(content);
    other[1_234_567] = 0;
    assert.throws(() => compare(kind, content, compressed(kind, other)), /does not decompress to its content/);
  });

  test(`${kind}: less content, and more, are told`, () => {
    assert.throws(
      () => compare(kind, content, compressed(kind, content.subarray(0, -1))),
      /of which 1599999 bytes were compared/,
    );
    assert.throws(
      () => compare(kind, content, compressed(kind, Buffer.concat([content, Buffer.of(1)]))),
      /of which 1600000 bytes were compared/,
    );
  });

  test(`${kind}: a blob that is cut off, or goes on after its end, is told`, () => {
    const blob = compressed(kind, content);
    for (const damaged of [blob.subarray(0, -1), blob.subarray(0, -700), Buffer.concat([blob, randomBytes(300)])])
      assert.throws(() => compare(kind, content, damaged));
  });
}

test("a block is held until all of it was compared", () => {
  const written = new WrittenContent("none", defaultLimits);
  const block = Buffer.from("a block");
  written.expect(block);
  written.write(Buffer.from("a blo"));
  assert.equal(written.isHeld(block), true);
  written.write(Buffer.from("ck"));
  assert.equal(written.isHeld(block), false);
  written.end();
  written.close();
});
