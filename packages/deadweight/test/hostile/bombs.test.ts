import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { constants, deflateRawSync, gzipSync, zstdCompressSync } from "node:zlib";
import { encodeHeader, encodePax, endOfArchive, padded } from "../../src/archive/tar-writer.ts";
import type { BombOutcome } from "../support/bomb-reader.ts";
import { collidingNames } from "../support/colliding-names.ts";
import { tarOf } from "../support/layers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const MiB = 1024 * 1024;
/** What the product promises for images of any size; Node alone takes 60 MB, its threads and their rings 90 more. */
const memoryLimit = 300e6;
const folder = mkdtempSync(join(temporaryFolder(), "bombs-"));

/** Reads a blob in a process of its own, with its threads. */
function readAlone(
  parts: readonly Uint8Array[],
  t: TestContext,
  { kind = "file", most = memoryLimit }: { kind?: "file" | "stream"; most?: number } = {},
): BombOutcome {
  const path = join(folder, createHash("sha256").update(t.name).digest("hex"));
  const file = openSync(path, "w");
  for (const part of parts) for (let at = 0; at < part.length;) at += writeSync(file, part, at);
  closeSync(file);
  const script = join(import.meta.dirname, "../support/bomb-reader.ts");
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, path, String(statSync(path).size), kind], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  const outcome = JSON.parse(stdout) as BombOutcome;
  t.diagnostic(
    `${(statSync(path).size / MiB).toFixed(2)} MiB of blob, ${(outcome.peakBytes / 1e6).toFixed(0)} MB of memory at most`,
  );
  assert.ok(outcome.peakBytes < most, `${outcome.peakBytes} bytes of memory`);
  return outcome;
}

/** An archive of one file of zeros, in pieces: what every compressor makes smallest. */
function zeros(size: number): readonly Uint8Array[] {
  const piece = new Uint8Array(8 * MiB);
  const header = encodeHeader({ typeflag: "0", name: "zeros", size });
  return [header, ...Array.from({ length: size / piece.length }, () => piece), endOfArchive()];
}

const inFrames = (pieces: readonly Uint8Array[]): readonly Uint8Array[] => pieces.map((piece) => zstdCompressSync(piece));
const inMembers = (pieces: readonly Uint8Array[]): readonly Uint8Array[] => pieces.map((piece) => gzipSync(piece));

for (const [what, compress] of [
  ["gzip", inMembers],
  ["zstd", inFrames],
] as const) {
  for (const kind of ["file", "stream"] as const) {
    test(`512 MiB of zeros in ${what} from a ${kind} take no memory of their size`, (t) => {
      const { entries, tarBytes, error } = readAlone(compress(zeros(512 * MiB)), t, { kind });
      assert.deepEqual([entries, tarBytes, error], [1, 512 * MiB + 1536, undefined]);
    });
  }
}

test("a zstd frame that asks for 128 MiB of window is read", (t) => {
  const params = {
    [constants.ZSTD_c_windowLog]: 27,
    [constants.ZSTD_c_enableLongDistanceMatching]: 1,
    [constants.ZSTD_c_contentSizeFlag]: 0,
  };
  const archive = Buffer.concat(zeros(160 * MiB));
  const { entries, error } = readAlone([zstdCompressSync(archive, { params })], t, { most: memoryLimit + 128 * MiB });
  assert.deepEqual([entries, error], [1, undefined]);
});

test("more than the ratio that any honest layer has is stopped after the first GiB", (t) => {
  // One block of 128 KiB of zeros takes four bytes as a run: 32,768 times, in frames without anything else.
  const block = (last: number): Uint8Array =>
    Uint8Array.of((131_072 * 8 + 2 + last) & 255, ((131_072 * 8) >> 8) & 255, (131_072 * 8) >> 16, 0);
  const blocks = Buffer.concat([...Array.from({ length: 1023 }, () => block(0)), block(1)]);
  const frame = Buffer.concat([Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x38), blocks]);
  const header = zstdCompressSync(encodeHeader({ typeflag: "0", name: "zeros", size: 40 * 1024 * MiB }));
  const { error } = readAlone([header, ...Array.from({ length: 20 }, () => frame)], t);
  assert.match(
    error ?? "",
    /^UserError: blob: \d+ bytes from \d+ compressed ones, more than 5000 times after byte \d+ of the blob \(at byte \d+ of the layer near "zeros"\)$/,
  );
});

test("a gigabyte of attributes is refused before it fills the memory", (t) => {
  const entry = (number: number): Uint8Array => {
    const value = String(number).padStart(MiB - 100, "v");
    const body = encodePax(new Map([["SCHILY.xattr.user.x", value]]));
    return Buffer.concat([
      encodeHeader({ typeflag: "x", name: "p", size: body.length }),
      padded(body),
      encodeHeader({ typeflag: "0", name: `${number}` }),
    ]);
  };
  const parts = Array.from({ length: 900 }, (_, number) => zstdCompressSync(entry(number)));
  const { error } = readAlone(parts, t, { most: memoryLimit + 128 * MiB });
  assert.match(
    error ?? "",
    /^UserError: tar: names, links and attributes of \d+ entries take more than \d+ bytes \(at byte \d+ of the layer near "\d+"\)$/,
  );
});

test("names that hash alike are refused before they cost minutes", (t) => {
  const names = collidingNames(Math.imul(0x811c9dc5, 0x01000193), 13);
  const { error } = readAlone([gzipSync(tarOf(names.map((path) => ({ path }))))], t);
  assert.match(error ?? "", /^UserError: paths: more than \d+ names chosen to hash alike \(at byte \d+ of the layer/);
});

test("a deflate stream without an end, and gzip members of nothing, end", (t) => {
  const member = gzipSync("");
  const { tarBytes, entries } = readAlone([Buffer.concat(Array.from({ length: 200_000 }, () => member))], t);
  assert.deepEqual([tarBytes, entries], [0, 0]);
  const head = gzipSync("").subarray(0, 10);
  const open = deflateRawSync(new Uint8Array(MiB), { finishFlush: constants.Z_SYNC_FLUSH });
  const { error } = readAlone([head, open], t);
  assert.match(error ?? "", /unexpected end of file/);
});
