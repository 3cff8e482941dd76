import assert from "node:assert/strict";
import { test } from "node:test";
import { blockBytes, compressBlocks, type Compressed } from "../../../src/image/rewrite/compress-blocks.ts";
import { run, without } from "../../support/tools.ts";
import { seededRandom } from "../../support/random.ts";

/** Text that compresses, of more than four blocks. */
const content = ((): Buffer => {
  const random = seededRandom(5);
  const words = Array.from({ length: 400 }, () => Math.floor(random() * 1e6).toString(36));
  return Buffer.from(Array.from({ length: 250_000 }, () => words[Math.floor(random() * 400)] ?? "").join(" "));
})();

async function compressed(how: Compressed, threads: number, bytes: Buffer = content): Promise<Buffer> {
  async function* blocks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += blockBytes) yield bytes.subarray(at, at + blockBytes);
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of compressBlocks(blocks(), how, threads)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

for (const kind of ["gzip", "zstd"] as const) {
  test(`${kind}: the system's own tool reads it, and it is the same with any number of threads`, async (t) => {
    const blob = await compressed({ kind, level: 6 }, 1);
    assert.ok(content.length > 4 * blockBytes && blob.length < content.length / 2);
    for (const threads of [0, 2, 8]) assert.deepEqual(await compressed({ kind, level: 6 }, threads), blob);
    const small = await compressed({ kind, level: 6 }, 1, content.subarray(0, 100));
    const empty = await compressed({ kind, level: 6 }, 1, Buffer.alloc(0));
    const missing = without(kind);
    if (missing !== false) return t.skip(missing);
    assert.deepEqual(run(kind, ["-dc"], blob), content);
    assert.deepEqual(run(kind, ["-dc"], small), content.subarray(0, 100));
    assert.deepEqual(run(kind, ["-dc"], empty), Buffer.alloc(0));
    assert.ok((await compressed({ kind, level: 9 }, 1)).length <= blob.length);
  });
}

test("blocks cost less than a hundredth over one stream", async (t) => {
  const missing = without("gzip");
  if (missing !== false) return t.skip(missing);
  const whole = run("gzip", ["-6nc"], content).length;
  const inBlocks = (await compressed({ kind: "gzip", level: 6 }, 1)).length;
  assert.ok(inBlocks < whole * 1.01, `${inBlocks} to ${whole}`);
});

test("gzip says nothing of time, name or system; zstd is one frame with a checksum", async () => {
  const gzip = await compressed({ kind: "gzip", level: 6 }, 1);
  assert.equal(gzip.subarray(0, 10).toString("hex"), "1f8b08000000000000ff");
  const zstd = await compressed({ kind: "zstd", level: 3 }, 1);
  assert.equal(zstd.subarray(0, 4).toString("hex"), "28b52ffd");
  // RFC 8878, 3.1.1.1.1: bit 2 of the descriptor is the checksum's.
  assert.equal((zstd[4] ?? 0) & 4, 4);
  assert.equal(zstd.indexOf(Buffer.from("28b52ffd", "hex"), 4), -1);
});

test("without compression it is passed on", async () => {
  assert.deepEqual(await compressed({ kind: "none", level: 0 }, 1), content);
});

for (const kind of ["gzip", "zstd"] as const) {
  test(`${kind}: what fails before it fails it`, async () => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield content.subarray(0, blockBytes);
      throw new Error("torn");
    }
    await assert.rejects(Array.fromAsync(compressBlocks(failing(), { kind, level: 1 }, 2)), /torn/);
  });
}
