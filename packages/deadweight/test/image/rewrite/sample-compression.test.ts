import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { defaultLimits } from "../../../src/archive/limits.ts";
import { sampleCompression } from "../../../src/image/rewrite/sample-compression.ts";
import { tarOf } from "../../support/layers.ts";
import { outgoingImage } from "../../support/outgoing.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { readImage } from "./sample-image.ts";

/** Text that compresses to about a half of it. */
const content = Buffer.from(randomBytes(1_000_000).toString("hex"));

test("a sample tells what another compressor would make of a layer", async () => {
  const { image, layers } = await readImage(outgoingImage([{ archive: tarOf([{ path: "a", content }]) }]));
  const [layer, index] = [image.layers[0], layers[0]];
  if (layer === undefined || index === undefined) return assert.fail();
  const sampled = (kind: "gzip" | "zstd" | "none", level: number): number =>
    sampleCompression(layer.blob, index, { kind, level }, defaultLimits);
  const expected = gzipSync(content, { level: 6 }).length / content.length;
  assert.ok(Math.abs(sampled("gzip", 6) - expected) < 0.01);
  assert.ok(sampled("zstd", 3) < 0.7);
  assert.equal(sampled("none", 0), 1);
  return undefined;
});

test("of a layer that is compressed less well than here a share is left, of one that has to be fetched all", async () => {
  const archive = tarOf([{ path: "a", content }]);
  const made = outgoingImage([{ archive, compression: "gzip" }]);
  const path = join(temporaryFolder(), "blob");
  const stored = gzipSync(archive, { level: 0 });
  writeFileSync(path, stored);
  const { layers } = await readImage(made);
  const [index] = layers;
  if (index === undefined) return assert.fail();
  const compressedStarts = index.starts.map((start) => (start * stored.length) / archive.length);
  const poor = { ...index, compressedBytes: stored.length, compressedStarts };
  const blob = { kind: "file" as const, path, offset: 0, size: stored.length };
  const share = sampleCompression(blob, poor, { kind: "gzip", level: 6 }, defaultLimits);
  assert.ok(share > 0.5 && share < 0.65, String(share));
  const stream = { kind: "stream" as const, size: stored.length, open: () => assert.fail("it was fetched") };
  assert.equal(sampleCompression(stream, poor, { kind: "gzip", level: 6 }, defaultLimits), 1);
  return undefined;
});
