import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { checkLayer } from "../../src/image/layer-reader.ts";
import { UserError } from "../../src/lib/user-error.ts";
import type { BlobBytes } from "../../src/model/image.ts";
import type { LayerIndex } from "../../src/model/layer-index.ts";
import { gzipMembers, skippableFrame, zstdFrame, zstdFrames } from "../support/compressed.ts";
import { tarOf } from "../support/layers.ts";
import { seededRandom } from "../support/random.ts";
import { fileBlob, readBlob, readerFor, streamBlob } from "../support/reading.ts";
import { digestOf, pathsOf, scan, spansOf } from "../support/scanning.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function noise(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

const archive = tarOf([
  { path: "etc/" },
  { path: "etc/passwd", content: "root".repeat(1000), uid: 5 },
  { path: "bin/tool", content: noise(1_400_000, 1), mode: 0o755 },
  { path: "zeros", content: new Uint8Array(2_000_000) },
  { path: ".wh.gone" },
  { path: "db", content: noise(1_200_000, 2) },
]);
const wants = [{ names: ["db", "passwd"] }];
const expected = scan(archive, { wants });
const middle = Math.floor(archive.length / 2);
const blobs: Readonly<Record<string, { bytes: Uint8Array; compression: string }>> = {
  plain: { bytes: archive, compression: "none" },
  gzip: { bytes: gzipMembers(archive), compression: "gzip" },
  "gzip of three members and zeros": {
    bytes: Buffer.concat([gzipMembers(archive, [513, middle]), new Uint8Array(700)]),
    compression: "gzip",
  },
  zstd: { bytes: zstdFrame(archive), compression: "zstd" },
  "zstd of frames, skippable ones around": {
    bytes: Buffer.concat([
      skippableFrame(Buffer.from("first")),
      zstdFrames(archive, [1, middle, middle]),
      skippableFrame(noise(300_000, 3)),
    ]),
    compression: "zstd",
  },
};
const isUserError = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof UserError && error.code === code && pattern.test(error.message);

const reader = readerFor({ wants });
after(() => reader.close());

/** What the threads found, against the same bytes scanned in this thread. */
function assertSameLayer(index: LayerIndex, blob: Uint8Array, compression: string): void {
  assert.deepEqual(pathsOf(index), pathsOf(expected));
  for (const column of ["type", "mode", "uid", "size", "storedSize", "starts", "hashes"] as const)
    assert.deepEqual(index[column], expected[column], column);
  assert.deepEqual([index.compression, index.tarBytes, index.compressedBytes], [compression, archive.length, blob.length]);
  assert.deepEqual([index.digest, index.diffId], [digestOf(blob), digestOf(archive)]);
  const kept = index.captures.map(({ bytes, spooled }) => Buffer.from(bytes ?? readFileSync(spooled ?? "")));
  assert.deepEqual(
    kept.map(digestOf),
    expected.captures.map(({ bytes }) => digestOf(bytes ?? new Uint8Array(0))),
  );
}

function assertCostsAddUp(index: LayerIndex, blob: Uint8Array): readonly number[] {
  const costs = spansOf(index.compressedStarts, index.compressedBytes);
  assert.ok(
    costs.every((cost) => Number.isInteger(cost) && cost >= 0),
    costs.join(),
  );
  assert.equal(
    costs.reduce((sum, cost) => sum + cost, 0),
    blob.length,
  );
  assert.equal(
    spansOf(index.starts, index.tarBytes).reduce((sum, bytes) => sum + bytes, 0),
    index.tarBytes,
  );
  return costs;
}

for (const [what, { bytes, compression }] of Object.entries(blobs)) {
  test(`${what}: from a file and from streams in pieces of any size, one reader for all`, async () => {
    const sources: readonly BlobBytes[] = [
      fileBlob(bytes),
      streamBlob(bytes),
      streamBlob(bytes, [bytes.length]),
      streamBlob(bytes, [1, 1, 1, 70_000, 300_000]),
      streamBlob(bytes, [0, 2, 0, 123_457]),
    ];
    for (const source of sources) {
      const index = await reader.read(source);
      assertSameLayer(index, bytes, compression);
      assertCostsAddUp(index, bytes);
    }
  });
}

test("each entry costs about what it compressed to, and what the blob begins and ends with is counted", async () => {
  for (const what of ["gzip", "zstd", "plain"]) {
    const { bytes } = blobs[what] ?? { bytes: archive };
    const costs = assertCostsAddUp(await reader.read(fileBlob(bytes)), bytes);
    const [, , tool = 0, zeros = 0, , db = 0] = costs;
    if (what === "plain") assert.deepEqual(costs, spansOf(expected.starts, archive.length));
    // Noise can't be compressed, zeros can; a border may be off by a mark, 64 KiB of output, and by a block of zstd, 128 KiB.
    else assert.ok(tool > 1_260_000 && zeros < 140_000 && db > 1_060_000, `${what}: ${costs.join()}`);
  }
});

const tiny: Readonly<Record<string, Uint8Array>> = {
  "no bytes at all": new Uint8Array(0),
  "no entries": tarOf([]),
  "no end blocks": archive.subarray(0, 512),
  "one empty file": tarOf([{ path: "a" }]),
  "garbage after the end": Buffer.concat([tarOf([{ path: "a" }]), noise(3000, 4)]),
  "megabytes after the end": Buffer.concat([tarOf([{ path: "a" }]), new Uint8Array(3_000_000)]),
};
for (const [what, layer] of Object.entries(tiny)) {
  test(`${what}: sums and digests are exact, plain, gzip and zstd`, async () => {
    const encodings = [
      layer,
      gzipMembers(layer),
      zstdFrame(layer),
      Buffer.concat([zstdFrames(layer, [0]), skippableFrame(Buffer.from("x"))]),
    ];
    for (const bytes of encodings) {
      for (const source of [fileBlob(bytes), streamBlob(bytes, [1, 5000])]) {
        const index = await reader.read(source);
        assertCostsAddUp(index, bytes);
        assert.deepEqual([index.tarBytes, index.diffId, index.digest], [layer.length, digestOf(layer), digestOf(bytes)]);
      }
    }
  });
}

test("ten thousand small frames and members", async () => {
  const borders = Array.from({ length: 10_000 }, (_, index) => index * 7);
  const layer = tarOf([{ path: "a", content: noise(100_000, 5) }]);
  for (const bytes of [zstdFrames(layer, borders), gzipMembers(layer, borders)]) {
    const index = await reader.read(fileBlob(bytes));
    assert.equal(index.diffId, digestOf(layer));
    assertCostsAddUp(index, bytes);
  }
});

test("a corrupt blob is refused with its place, and the reader reads the next one", async () => {
  const gzip = blobs["gzip"]?.bytes ?? new Uint8Array(0);
  const zstd = blobs["zstd"]?.bytes ?? new Uint8Array(0);
  const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 0xff;
    return changed;
  };
  const place = /after byte \d+ of the blob \(at byte \d+ of the layer( near ".*")?\)$/;
  const bad: readonly [string, Uint8Array, RegExp][] = [
    ["gzip cut off", gzip.subarray(0, gzip.length - 1), /^decompress: unexpected end of file /],
    ["gzip cut off early", gzip.subarray(0, 40_000), /^decompress: unexpected end of file .*near "bin\/tool"\)$/],
    ["gzip checksum", flipped(gzip, gzip.length - 8), /^decompress: incorrect data check .*near "db"\)$/],
    ["gzip with garbage after it", Buffer.concat([gzip, Buffer.from("garbage")]), /^decompress: incorrect header check/],
    ["zstd cut off", zstd.subarray(0, zstd.length - 1), /^zstd: the blob ends in the middle of a frame/],
    ["zstd checksum", flipped(zstd, zstd.length - 1), /^decompress: .*checksum/],
    ["garbage between frames", Buffer.concat([zstd, Buffer.from("garbage")]), /^zstd: garbage between frames/],
  ];
  for (const [what, bytes, pattern] of bad) {
    for (const source of [fileBlob(bytes), streamBlob(bytes)]) {
      await assert.rejects(reader.read(source), (error) => {
        assert.ok(isUserError("corrupt-layer", pattern)(error), `${what}: ${String(error)}`);
        assert.match((error as Error).message, place);
        return true;
      });
    }
    assertSameLayer(await reader.read(fileBlob(gzip)), gzip, "gzip");
  }
  const cutTar = gzipMembers(archive.subarray(0, 700_000));
  await assert.rejects(
    reader.read(fileBlob(cutTar)),
    isUserError(
      "corrupt-layer",
      /^tar: the archive ends in the middle of a file \(at byte 700000 of the layer near "bin\/tool"\)$/,
    ),
  );
  await assert.rejects(
    reader.read(streamBlob(noise(50_000, 6))),
    isUserError("corrupt-layer", /^tar header: .* \(at byte 512 of the layer\)$/),
  );
});

test("a file that is shorter than it should be, or not there, is told of", async () => {
  const blob = fileBlob(archive);
  await assert.rejects(
    reader.read({ ...blob, size: blob.size + 1000 }),
    isUserError("corrupt-layer", /^blob: .* ends at \d+ of \d+ bytes/),
  );
  await assert.rejects(reader.read({ ...blob, path: `${blob.path}-none` }), isUserError("unreadable", /no such file/));
});

test("a stream that breaks: its own error wins, at the beginning, midway and at the end", async () => {
  const gzip = blobs["gzip"]?.bytes ?? new Uint8Array(0);
  for (const length of [0, 1, 100_000, gzip.length]) {
    const broken = new UserError("unreadable", "the registry hung up");
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield gzip.subarray(0, length);
      throw broken;
    };
    await assert.rejects(
      reader.read({ kind: "stream", size: gzip.length, open }),
      (error) => error === broken,
      `after ${length} bytes`,
    );
  }
  assertSameLayer(await reader.read(streamBlob(gzip)), gzip, "gzip");
});

test("a stream is closed when its blob is refused", async () => {
  let isClosed = false;
  const open = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield noise(65_536, 7);
    } finally {
      isClosed = true;
    }
  };
  await assert.rejects(reader.read({ kind: "stream", size: 1e9, open }), isUserError("corrupt-layer", /^tar header/));
  assert.ok(isClosed);
});

test("an abort ends the reading with its reason, from a file, a stream, and a stream that is silent", async () => {
  const large = gzipMembers(tarOf([{ path: "zeros", content: new Uint8Array(60_000_000) }]));
  const silent = async function* (): AsyncGenerator<Uint8Array> {
    yield large.subarray(0, 1000);
    await new Promise(() => {});
  };
  for (const source of [fileBlob(large), streamBlob(large, [1000]), { kind: "stream", size: 1e6, open: silent } as const]) {
    const stop = new AbortController();
    const reader = readerFor({ signal: stop.signal });
    const reason = new Error("enough");
    const reading = reader.read(source, () => stop.abort(reason));
    const timer = setTimeout(() => stop.abort(reason), 50);
    await assert.rejects(reading, (error) => error === reason);
    clearTimeout(timer);
    await assert.rejects(reader.read(source), (error) => error === reason, "no further blob is begun");
    await reader.close();
  }
});

test("progress tells of the blob's bytes and never goes back", async () => {
  const megabyte = noise(1_000_000, 8);
  const content = Buffer.concat(Array.from({ length: 20 }, () => megabyte));
  const large = gzipMembers(tarOf([{ path: "noise", content }]));
  const told: number[] = [];
  await reader.read(streamBlob(large, [100_000]), (done) => told.push(done));
  assert.ok(
    told.every((done, index) => done >= (told[index - 1] ?? 0) && done <= large.length),
    told.join(),
  );
});

test("limits hold in the threads: bytes of a layer, entries, spooled files", async () => {
  const bomb = gzipMembers(tarOf([{ path: "zeros", content: new Uint8Array(5_000_000) }]));
  await assert.rejects(
    readBlob(fileBlob(bomb), { limits: { layerBytes: 1_000_000 } }),
    isUserError("limit", /^blob: more than 1000000 uncompressed bytes .*near "zeros"/),
  );
  await assert.rejects(
    readBlob(fileBlob(archive), { limits: { layerBytes: 1_000_000 } }),
    isUserError("limit", /uncompressed bytes/),
  );
  await assert.rejects(
    readBlob(fileBlob(archive), { limits: { entriesPerLayer: 2 } }),
    isUserError("corrupt-layer", /more than 2 entries/),
  );
  const spoolFolder = mkdtempSync(join(temporaryFolder(), "spool-"));
  await readBlob(fileBlob(archive), { wants, spoolFolder });
  assert.equal(readdirSync(spoolFolder).length, 1);
});

test("a process that read a good and a bad blob ends by itself", () => {
  const script = `
    const { fileBlob, readerFor, streamBlob } = await import(${JSON.stringify(new URL("../support/reading.ts", import.meta.url).href)});
    const { tarOf } = await import(${JSON.stringify(new URL("../support/layers.ts", import.meta.url).href)});
    const reader = readerFor();
    const { count } = await reader.read(fileBlob(tarOf([{ path: "a" }])));
    const error = await reader.read(streamBlob(Buffer.alloc(2000, "x"))).catch((error) => error.code);
    await reader.read(streamBlob(tarOf([{ path: "a" }])));
    await reader.close();
    console.log(count, error);
  `;
  const path = join(temporaryFolder(), "reads.mjs");
  writeFileSync(path, script);
  const { status, stdout, stderr } = spawnSync(process.execPath, [path], { encoding: "utf8", timeout: 120_000 });
  assert.deepEqual([status, stdout.trim()], [0, "1 corrupt-layer"], stderr);
});

test("checkLayer compares size, digest where there is one, and diffId", () => {
  const claims = { digest: expected.digest, diffId: expected.diffId, size: archive.length };
  const wrong = `sha256:${"0".repeat(64)}`;
  checkLayer(expected, claims);
  checkLayer(expected, { ...claims, digest: undefined });
  assert.throws(
    () => checkLayer(expected, { ...claims, size: 5 }),
    isUserError("digest-mismatch", /^size: the manifest says 5 bytes, the blob has \d+$/),
  );
  assert.throws(
    () => checkLayer(expected, { ...claims, digest: wrong }),
    isUserError("digest-mismatch", /^digest: the manifest says sha256:0+, the blob has/),
  );
  assert.throws(
    () => checkLayer(expected, { ...claims, diffId: wrong }),
    isUserError("digest-mismatch", /^diffId: the config says sha256:0+, the layer has/),
  );
});
