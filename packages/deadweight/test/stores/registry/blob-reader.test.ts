import assert from "node:assert/strict";
import { test } from "node:test";
import type { OutgoingBlob } from "../../../src/contracts/store.ts";
import { BlobReader } from "../../../src/stores/registry/blob-reader.ts";
import { noise, outgoingImage, streamOf } from "../../support/outgoing.ts";
import { seededRandom } from "../../support/random.ts";

const content = noise(2_000_000);
const [stored] = outgoingImage([{ archive: content }]).layers;
const { signal } = new AbortController();

function readerOf(changes: Partial<OutgoingBlob> = {}): BlobReader {
  assert.ok(stored);
  return new BlobReader({ ...stored, ...changes }, signal);
}

async function read(reader: BlobReader, start: number, end: number): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(reader.between(start, end)));
}

test("any ranges, forwards and back, are the bytes that stand there", async () => {
  const random = seededRandom(3);
  const reader = readerOf();
  for (let round = 0; round < 60; round++) {
    const start = Math.floor(random() * content.length);
    const end = start + 1 + Math.floor(random() * (content.length - start));
    assert.ok((await read(reader, start, end)).equals(content.subarray(start, end)), `${start} to ${end}`);
  }
  await reader.close();
});

test("ranges that follow each other read the source once", async () => {
  let opened = 0;
  const open = (): AsyncIterable<Uint8Array> => {
    opened += 1;
    const source = streamOf(content.subarray(0, 700_001), content.subarray(700_001));
    return source.kind === "stream" ? source.open() : assert.fail();
  };
  const reader = readerOf({ bytes: { kind: "stream", size: content.length, open } });
  const pieces: Buffer[] = [];
  for (let at = 0; at < content.length; at += 300_000)
    pieces.push(await read(reader, at, Math.min(content.length, at + 300_000)));
  assert.ok(Buffer.concat(pieces).equals(content));
  assert.equal(opened, 1);
  await reader.close();
});

test("a range that is broken off does not disturb the next one", async () => {
  const reader = readerOf();
  const broken = reader.between(0, content.length);
  await broken.next();
  const underway = broken.next();
  assert.ok((await read(reader, 100, 2000)).equals(content.subarray(100, 2000)));
  await underway;
  await broken.return(undefined);
  assert.ok((await read(reader, 2000, 3000)).equals(content.subarray(2000, 3000)));
  await reader.close();
});

test("only the range that ends the blob says that it is another one", async () => {
  const other = noise(content.length, 2);
  const reader = readerOf({ bytes: streamOf(other) });
  assert.ok((await read(reader, 0, 1000)).equals(other.subarray(0, 1000)));
  await assert.rejects(read(reader, 1000, content.length), { code: "digest-mismatch" });
  await assert.rejects(read(readerOf({ bytes: streamOf(content, content) }), 5, content.length), { code: "digest-mismatch" });
});
