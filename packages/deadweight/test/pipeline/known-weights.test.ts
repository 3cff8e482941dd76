import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { compare } from "../../src/pipeline/compare.ts";
import type { SizeComparison } from "../../src/model/size-comparison.ts";
import { folderOf, ociFrame, ociImage } from "../support/archived-image.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function layoutOf(...layers: readonly (readonly TestEntry[])[]): string {
  const { blobs, descriptor } = ociImage(layers.map(tarOf), { architecture: "amd64" });
  return `oci:${folderOf([...ociFrame([descriptor]), ...blobs])}`;
}

// The files of a package without a list can't be told: a problem that stays.
const status = "Package: libx\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n";
const base: readonly TestEntry[] = [
  { path: "var/lib/dpkg/status", content: status },
  { path: "a", content: Buffer.alloc(100_000) },
];
const before = layoutOf(base, [{ path: "b", content: "b" }]);
const after = layoutOf(base, [{ path: "b", content: "bb" }]);

interface Seen {
  readonly comparison: SizeComparison;
  /** Images that were not looked at again. */
  readonly known: number;
}

async function compared(folder: string, cache = true): Promise<Seen> {
  let known = 0;
  const { comparison } = await compare({ image: before }, after, {
    environment: { XDG_CACHE_HOME: folder },
    signal: new AbortController().signal,
    insecure: [],
    platform: { os: "linux", architecture: "amd64" },
    rules: [],
    cache,
    onProgress: (event) => {
      if (event.kind === "note" && event.text.endsWith("were weighed before")) known++;
    },
  });
  return { comparison, known };
}

function change(folder: string, value: Uint8Array): number {
  const database = new DatabaseSync(join(folder, "deadweight", "layers.sqlite"));
  const { changes } = database.prepare("UPDATE layers SET value = ? WHERE key LIKE '% weight %'").run(value);
  database.close();
  return Number(changes);
}

test("an image that was weighed before is not looked at again, and weighs the same", async () => {
  const folder = temporaryFolder();
  const first = await compared(folder);
  assert.equal(first.known, 0);
  assert.equal(first.comparison.before.totals.files, 3);
  const second = await compared(folder);
  assert.equal(second.known, 2);
  assert.deepEqual(second.comparison, first.comparison);
  const third = await compared(folder, false);
  assert.equal(third.known, 0);
  assert.deepEqual(third.comparison, first.comparison);
});

test("what is damaged, of another form or of another image is not believed", async () => {
  const folder = temporaryFolder();
  const { comparison } = await compared(folder);
  const other = { ...comparison.before, image: { ...comparison.before.image, digest: `sha256:${"0".repeat(64)}` } };
  const weighed = { ...other, totals: { ...other.totals, reclaimableBytes: 0, reclaimableCompressedBytes: 0 } };
  for (const value of [
    Buffer.from("no zstd"),
    zstdCompressSync("{"),
    zstdCompressSync("{}"),
    zstdCompressSync(JSON.stringify({ ...weighed, layers: [], components: [] })),
    zstdCompressSync(Buffer.alloc(64 * 1024 * 1024)),
  ]) {
    assert.equal(change(folder, value), 2);
    const again = await compared(folder);
    assert.equal(again.known, 0);
    assert.deepEqual(again.comparison, comparison);
  }
});
