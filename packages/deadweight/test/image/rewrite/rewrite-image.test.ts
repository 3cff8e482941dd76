import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { defaultLimits } from "../../../src/archive/limits.ts";
import type { OutgoingImage } from "../../../src/contracts/store.ts";
import { completeImage } from "../../../src/image/complete.ts";
import type { EntryEdit } from "../../../src/contracts/transform.ts";
import type { Descriptor } from "../../../src/model/image.ts";
import type { ProgressEvent } from "../../../src/model/progress.ts";
import { sha256 } from "../../support/archived-image.ts";
import { tarOf, type TestEntry } from "../../support/layers.ts";
import { bytesOf, noise, outgoingImage, streamOf } from "../../support/outgoing.ts";
import { seededRandom } from "../../support/random.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { entryAt, readImage, rewrite } from "./sample-image.ts";

const remove: EntryEdit = { action: "remove" };
const base: readonly TestEntry[] = [
  { path: "a/" },
  { path: "a/one", content: "1".repeat(3000) },
  { path: "a/two", content: "2".repeat(3000) },
];
const middle: readonly TestEntry[] = [
  { path: "b", content: "middle" },
  { path: "c", content: "other" },
];
const top: readonly TestEntry[] = [
  { path: "a/.wh.one", type: "whiteout" },
  { path: "b", content: "top" },
];

const three = await streaming(
  outgoingImage([
    { archive: tarOf(base), compression: "gzip" },
    { archive: tarOf(middle), compression: "zstd" },
    { archive: tarOf(top) },
  ]),
  1,
);

/** The same image, the blob of one layer a stream. */
async function streaming(made: OutgoingImage, place: number): Promise<OutgoingImage> {
  const layers = made.layers.map(async (layer, number) => {
    if (number !== place) return layer;
    const bytes = await bytesOf(layer.bytes);
    return { ...layer, bytes: streamOf(bytes.subarray(0, 50), bytes.subarray(50)) };
  });
  return { ...made, layers: await Promise.all(layers) };
}

/** Words that deflate to about a third. */
function words(length: number, seed: number): Buffer {
  const random = seededRandom(seed);
  return Buffer.from(
    Array.from({ length: length / 6 }, () =>
      Math.floor(random() * 40_000)
        .toString(36)
        .padStart(5),
    ).join(" "),
  );
}

test("I2: without an edit everything is as it was, to the byte, and no label is added", async () => {
  const read = await readImage(three);
  const after = await rewrite(read, [], { labels: { a: "b" } });
  assert.deepEqual(Buffer.from(after.manifest.bytes), Buffer.from(three.manifest.bytes));
  assert.deepEqual(after.manifest.descriptor, three.manifest.descriptor);
  assert.deepEqual(Buffer.from(after.config.bytes), Buffer.from(three.config.bytes));
  assert.deepEqual(after.changed, []);
  assert.deepEqual(
    after.layers.map(({ bytes }) => bytes),
    read.image.layers.map(({ blob }) => blob),
  );
  assert.equal(
    after.compressedBytes,
    three.layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0),
  );
  assert.equal(
    after.tarBytes,
    [base, middle, top].reduce((sum, layer) => sum + tarOf(layer).length, 0),
  );
});

test("I2: edits that change nothing leave the layer as it is", async () => {
  const read = await readImage(three);
  const hide = { action: "hide" } as const;
  const same = { action: "take-attributes", of: entryAt(read.layers, 0, "a/one") } as const;
  const after = await rewrite(read, [
    [2, "a/one", hide],
    [0, "a/one", same],
  ]);
  assert.deepEqual(after.changed, []);
  assert.equal(after.manifest.descriptor.digest, three.manifest.descriptor.digest);
});

test("layers with an edit are written again in their kind, the others stay; config and manifest follow", async () => {
  const read = await readImage(three);
  const edits = [
    [0, "a/one", remove],
    [1, "b", remove],
  ] as const;
  const after = await rewrite(read, edits, { labels: { tool: "x" } });
  const again = await readImage(after);
  const expected = [tarOf([base[0], base[2]].filter((entry) => entry !== undefined)), tarOf(middle.slice(1)), tarOf(top)];
  assert.deepEqual(
    again.layers.map(({ compression }) => compression),
    ["gzip", "zstd", "none"],
  );
  assert.deepEqual(
    again.layers.map(({ diffId }) => diffId),
    expected.map((archive) => `sha256:${sha256(archive)}`),
  );
  assert.deepEqual(after.changed, [0, 1]);
  assert.deepEqual(after.layers[2], { ...three.layers[2], bytes: read.image.layers[2]?.blob });
  const config = JSON.parse(Buffer.from(after.config.bytes).toString()) as Record<string, unknown>;
  const before = JSON.parse(Buffer.from(three.config.bytes).toString()) as Record<string, unknown>;
  assert.deepEqual(config["history"], before["history"], "I7: one row for each layer");
  assert.deepEqual(config["config"], { Labels: { tool: "x" } });
  assert.deepEqual([after.tarBytes, after.compressedBytes], totals(again.layers));
  const [gzip, zstd] = await Promise.all(after.layers.map(({ bytes }) => bytesOf(bytes)));
  assert.deepEqual(gunzipSync(gzip ?? ""), Buffer.from(expected[0] ?? ""));
  assert.deepEqual(zstdDecompressSync(zstd ?? ""), Buffer.from(expected[1] ?? ""));
});

function totals(layers: readonly { readonly tarBytes: number; readonly compressedBytes: number }[]): readonly number[] {
  return [layers.reduce((sum, layer) => sum + layer.tarBytes, 0), layers.reduce((sum, layer) => sum + layer.compressedBytes, 0)];
}

test("I9, I10: the same again gives the same digest, and there is nothing left to do then", async () => {
  const read = await readImage(three);
  const edits = [
    [0, "a/two", remove],
    [1, "c", remove],
  ] as const;
  for (const compression of ["keep", { kind: "zstd", level: 3 }] as const) {
    const one = await rewrite(read, edits, { compression, labels: { l: "1" } });
    const other = await rewrite(await readImage(three), edits, { compression, labels: { l: "1" } });
    assert.equal(one.manifest.descriptor.digest, other.manifest.descriptor.digest);
    const again = await rewrite(await readImage(one), [], { compression, labels: { l: "2" } });
    assert.equal(again.manifest.descriptor.digest, one.manifest.descriptor.digest);
  }
});

for (const kind of ["gzip", "zstd", "none"] as const) {
  test(`all layers become ${kind}, but for those that are to be left`, async () => {
    const read = await readImage(three);
    const after = await rewrite(read, [], { compression: { kind, level: 1 } });
    const again = await readImage(after);
    assert.deepEqual(
      again.layers.map(({ compression }) => compression),
      [kind, kind, kind],
    );
    assert.deepEqual(
      again.layers.map(({ diffId }) => diffId),
      read.layers.map(({ diffId }) => diffId),
    );
    const suffix = kind === "none" ? "" : `+${kind}`;
    assert.ok(again.image.layers.every(({ mediaType }) => mediaType === `application/vnd.oci.image.layer.v1.tar${suffix}`));
    const some = await rewrite(read, [[0, "a/one", remove]], {
      compression: { kind, level: 1 },
      mayRecompress: (layer) => layer === 1,
    });
    const compressions = (await readImage(some)).layers.map(({ compression }) => compression);
    assert.deepEqual(compressions, ["gzip", kind, "none"]);
  });
}

test("attributes may come from another layer, links lead within theirs", async () => {
  const read = await readImage(
    outgoingImage([
      { archive: tarOf(base) },
      {
        archive: tarOf([
          { path: "z" },
          { path: "a/two", content: "2".repeat(3000), mode: 0o711, uid: 9 },
          { path: "y", content: "same" },
          { path: "x", content: "same" },
        ]),
      },
    ]),
  );
  const after = await rewrite(read, [
    [0, "a/two", { action: "take-attributes", of: entryAt(read.layers, 1, "a/two") }],
    [1, "a/two", remove],
    [1, "y", { action: "link", to: entryAt(read.layers, 1, "x") }],
  ]);
  const expected = [
    tarOf([...base.slice(0, 2), { path: "a/two", content: "2".repeat(3000), mode: 0o711, uid: 9 }]),
    tarOf([{ path: "z" }, { path: "y", content: "same" }, { path: "x", type: "hardlink", link: "y" }]),
  ];
  assert.deepEqual(
    await Promise.all(after.layers.map(({ bytes }) => bytesOf(bytes))),
    expected.map((archive) => Buffer.from(archive)),
  );
  await assert.rejects(rewrite(read, [[1, "y", { action: "link", to: entryAt(read.layers, 0, "a/one") }]]), RangeError);
});

test("links come to the end of a lower layer, behind padding that was missing, each folder once before them", async () => {
  const file: TestEntry = { path: "f", content: "same", mode: 0o600, uid: 9, xattrs: { "user.a": "b" } };
  const folder: TestEntry = { path: "d/", mode: 0o700, gid: 3, mtime: 5 };
  const upper = [folder, { ...file, path: "d/g" }, { ...file, path: "d/h" }];
  // The archive ends with the content.
  const cut = tarOf([file]).subarray(0, -1024 - 512 + 4);
  const read = await readImage(outgoingImage([{ archive: cut, compression: "gzip" }, { archive: tarOf(upper) }]));
  const to = entryAt(read.layers, 0, "f");
  const edit: EntryEdit = { action: "link-below", to, folders: [entryAt(read.layers, 1, "d")] };
  const after = await rewrite(read, [
    [1, "d/g", edit],
    [1, "d/h", edit],
  ]);
  assert.deepEqual(after.changed, [0, 1]);
  const [lower = new Uint8Array(0), higher] = await Promise.all(after.layers.map(({ bytes }) => bytesOf(bytes)));
  const { content: _, ...own } = file;
  const links = ["d/g", "d/h"].map((path): TestEntry => ({ ...own, path, type: "hardlink", link: "f" }));
  assert.deepEqual(gunzipSync(lower), Buffer.from(tarOf([file, folder, ...links]).subarray(0, -1024)));
  assert.deepEqual(higher, Buffer.from(tarOf([folder])));
  await assert.rejects(
    rewrite(read, [[0, "f", { action: "link-below", to: entryAt(read.layers, 1, "d/g"), folders: [] }]]),
    RangeError,
  );
});

test("an image without a manifest gets one, its config stays as it is without an edit", async () => {
  const archives = [tarOf(base), tarOf(top)];
  const config = Buffer.from(
    JSON.stringify({ os: "linux", architecture: "amd64", rootfs: { diff_ids: archives.map((one) => `sha256:${sha256(one)}`) } }),
  );
  const made = outgoingImage(archives.map((archive) => ({ archive })));
  const stored = {
    kind: "archive",
    reference: "t",
    config: { bytes: config },
    layers: made.layers.map(({ bytes }) => bytes),
    close: async () => {},
  } as const;
  const image = await completeImage(stored, { os: "linux", architecture: "amd64" }, defaultLimits);
  const { layers } = await readImage(made);
  const same = await rewrite({ image, layers }, []);
  assert.deepEqual(Buffer.from(same.config.bytes), config);
  assert.equal(same.manifest.descriptor.mediaType, "application/vnd.oci.image.manifest.v1+json");
  assert.deepEqual(
    (await readImage(same)).layers.map(({ diffId }) => diffId),
    layers.map(({ diffId }) => diffId),
  );
  const after = await rewrite({ image, layers }, [[0, "a/one", remove]]);
  assert.deepEqual((await readImage(after)).layers[0]?.count, 2);
});

test("a Docker manifest with a layer that becomes zstd becomes OCI's whole", async () => {
  const text = Buffer.from(three.manifest.bytes)
    .toString()
    .replaceAll("vnd.oci.image.manifest.v1", "vnd.docker.distribution.manifest.v2");
  const bytes = Buffer.from(
    text
      .replaceAll("vnd.oci.image.layer.v1.tar+gzip", "vnd.docker.image.rootfs.diff.tar.gzip")
      .replaceAll("vnd.oci.image.config.v1", "vnd.docker.container.image.v1"),
  );
  const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
  const descriptor: Descriptor = { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length };
  const read = await readImage({ ...three, manifest: { bytes, descriptor } });
  const kept = await rewrite(read, [[0, "a/one", remove]]);
  assert.deepEqual(
    [kept.manifest.descriptor.mediaType, kept.layers[0]?.descriptor.mediaType],
    [mediaType, "application/vnd.docker.image.rootfs.diff.tar.gzip"],
  );
  const after = await rewrite(read, [], { compression: { kind: "zstd", level: 1 } });
  assert.equal(after.manifest.descriptor.mediaType, "application/vnd.oci.image.manifest.v1+json");
  assert.doesNotMatch(Buffer.from(after.manifest.bytes).toString(), /docker/);
  await readImage(after);
});

test("a large gzip layer that loses little is spliced: what is far from the cuts stays compressed as it was", async () => {
  const entries: readonly TestEntry[] = [
    { path: "big", content: words(3_000_000, 1) },
    { path: "gone", content: words(20_000, 2) },
    { path: "mode", content: "m" },
    { path: "big2", content: words(3_000_000, 3) },
  ];
  const made = outgoingImage([{ archive: tarOf(entries), compression: "gzip" }]);
  const read = await readImage(made);
  const mode = { action: "take-attributes", of: entryAt(read.layers, 0, "big2") } as const;
  for (const edits of [
    [[0, "gone", remove]],
    [
      [0, "gone", remove],
      [0, "mode", mode],
    ],
  ] as const) {
    const after = await rewrite(read, edits);
    const again = await readImage(after);
    assert.equal(again.layers[0]?.diffId, `sha256:${sha256(tarOf(entries.filter(({ path }) => path !== "gone")))}`);
    const [source, result] = await Promise.all(
      [made, after].map(({ layers: [layer] }) => bytesOf(layer?.bytes ?? assert.fail())),
    );
    assert.ok(source !== undefined && result !== undefined);
    for (const place of [0.2, 0.9]) {
      const at = Math.floor(source.length * place);
      assert.ok(result.includes(source.subarray(at, at + 1000)), `bytes at ${place} are not in the result`);
    }
    assert.equal((await rewrite(read, edits)).layers[0]?.descriptor.digest, after.layers[0]?.descriptor.digest);
  }
});

test("a blob that is not what it was when it was read is an error that names the layer", async () => {
  const content = noise(600_000);
  for (const compression of ["none", "gzip", "zstd"] as const) {
    const made = outgoingImage([
      { archive: tarOf(top) },
      { archive: tarOf([{ path: "f", content }, { path: "g" }]), compression },
    ]);
    const read = await readImage(made);
    const blob = read.image.layers[1]?.blob;
    assert.ok(blob?.kind === "file");
    const bytes = readFileSync(blob.path);
    const changed = Buffer.from(bytes);
    changed[changed.length - 50] = 255 - (changed[changed.length - 50] ?? 0);
    for (const spoil of [() => writeFileSync(blob.path, changed), () => truncateSync(blob.path, 300_000)]) {
      spoil();
      await assert.rejects(rewrite(read, [[1, "g", remove]]), (error: Error & { code?: string }) => {
        assert.match(error.message, /^layer 1 \(sha256:/);
        return error.code === "digest-mismatch" || error.code === "corrupt-layer";
      });
    }
  }
});

test("it stops when it is told to, and says how far it is", async () => {
  const made = outgoingImage([{ archive: tarOf([{ path: "f", content: words(9_000_000, 4) }, { path: "g" }]) }]);
  const read = await readImage(made);
  const stop = new AbortController();
  const events: ProgressEvent[] = [];
  const onProgress = (event: ProgressEvent): void => {
    events.push(event);
    if (event.kind === "advance") stop.abort(new Error("stopped"));
  };
  const compression = { kind: "zstd", level: 19 } as const;
  await assert.rejects(rewrite(read, [], { compression, signal: stop.signal, onProgress }), /stopped/);
  assert.deepEqual(events[0], {
    kind: "start",
    id: "rewrite-0",
    label: `rewrite layer 0 ${made.layers[0]?.descriptor.digest.slice(7, 19)}`,
    total: made.layers[0]?.descriptor.size,
  });
});

test("a full disk is told", async (t) => {
  const disk = join(temporaryFolder(), "disk");
  mkdirSync(disk);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]).status !== 0) return t.skip("mount: not permitted");
  t.after(() => spawnSync("umount", [disk]));
  for (const isStream of [false, true]) {
    const archive = tarOf([{ path: "f", content: noise(2_000_000) }, { path: "g" }]);
    const made = outgoingImage([{ archive }]);
    const read = await readImage(isStream ? await streaming(made, 0) : made);
    await assert.rejects(rewrite(read, [[0, "g", remove]], { temporaryFolder: disk }), { code: "no-space" });
    assert.deepEqual(readdirSync(disk), []);
  }
  return undefined;
});
