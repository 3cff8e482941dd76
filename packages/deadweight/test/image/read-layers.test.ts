import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLimits } from "../../src/archive/limits.ts";
import type { LayerCache } from "../../src/image/layer-cache.ts";
import { readLayers, type ReadLayersOptions } from "../../src/image/read-layers.ts";
import { UserError } from "../../src/lib/user-error.ts";
import type { BlobBytes, Image, Layer } from "../../src/model/image.ts";
import type { LayerIndex } from "../../src/model/layer-index.ts";
import type { ProgressEvent } from "../../src/model/progress.ts";
import { gzipMembers, zstdFrame } from "../support/compressed.ts";
import { tarOf } from "../support/layers.ts";
import { fileBlob, streamBlob } from "../support/reading.ts";
import { digestOf, pathsOf } from "../support/scanning.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const archives = ["one", "two", "three"].map((path) => tarOf([{ path, content: path.repeat(2000) }]));

/** An image of these blobs; each blob's uncompressed bytes are in `archives`. */
function imageOf(blobs: readonly { blob: BlobBytes; digest: string | undefined; diffId: string }[]): Image {
  const layers = blobs.map((layer, index): Layer => ({
    ...layer,
    index,
    mediaType: "application/octet-stream",
    history: undefined,
  }));
  return {
    reference: "test",
    digest: `sha256:${"0".repeat(64)}`,
    config: {
      platform: { os: "linux", architecture: "amd64" },
      diffIds: layers.map(({ diffId }) => diffId),
      history: [],
      environment: [],
      entrypoint: [],
      command: [],
      user: "",
      workingDirectory: "",
      labels: {},
    },
    annotations: {},
    layers,
    manifestBytes: undefined,
    configBytes: new Uint8Array(0),
  };
}

const layer = (bytes: Uint8Array, archive: Uint8Array): { blob: BlobBytes; digest: string; diffId: string } => ({
  blob: fileBlob(bytes),
  digest: digestOf(bytes),
  diffId: digestOf(archive),
});
const [one, two, three] = [archives[0] ?? new Uint8Array(0), archives[1] ?? new Uint8Array(0), archives[2] ?? new Uint8Array(0)];
const mixed = [layer(one, one), layer(gzipMembers(two), two), layer(zstdFrame(three), three)];

/** A cache in memory that counts. */
function memoryCache(): LayerCache & { readonly kept: Map<string, LayerIndex> } {
  const kept = new Map<string, LayerIndex>();
  return { kept, get: (key) => kept.get(key), put: (key, index) => kept.set(key, index), close: () => {} };
}

function options(rest: Partial<ReadLayersOptions> = {}): ReadLayersOptions & { readonly events: ProgressEvent[] } {
  const events: ProgressEvent[] = [];
  return {
    patterns: [],
    limits: defaultLimits,
    spoolFolder: temporaryFolder(),
    signal: new AbortController().signal,
    cache: undefined,
    onProgress: (event) => events.push(event),
    events,
    ...rest,
  };
}

test("all layers in their order, whatever their compression and size, each once though an image may have it twice", async () => {
  const twice = [...mixed, mixed[1] ?? layer(one, one), layer(tarOf([]), tarOf([]))];
  const told = options();
  const indexes = await readLayers(imageOf(twice), told);
  assert.deepEqual(indexes.map(pathsOf), [["one"], ["two"], ["three"], ["two"], []]);
  assert.equal(indexes[1], indexes[3]);
  assert.equal(told.events.filter(({ kind }) => kind === "start").length, 4);
  assert.equal(told.events.filter(({ kind }) => kind === "end").length, 4);
});

test("an image without layers", async () => {
  assert.deepEqual(await readLayers(imageOf([]), options()), []);
});

test("what the cache knows is not read again; what is new is put there", async () => {
  const cache = memoryCache();
  await readLayers(imageOf(mixed.slice(0, 2)), options({ cache }));
  assert.equal(cache.kept.size, 2);
  const gone: BlobBytes = { kind: "file", path: "/nowhere/at/all", offset: 0, size: 1 };
  const known = mixed.slice(0, 2).map((layer) => ({ ...layer, blob: gone }));
  const told = options({ cache });
  const indexes = await readLayers(imageOf([...known, mixed[2] ?? layer(one, one)]), told);
  assert.deepEqual(indexes.map(pathsOf), [["one"], ["two"], ["three"]]);
  assert.deepEqual(told.events[0], { kind: "note", text: "2 of 3 layers known from the cache" });
  assert.equal(cache.kept.size, 3);
});

test("a cached layer is not believed under another diffId", async () => {
  const cache = memoryCache();
  await readLayers(imageOf(mixed.slice(0, 1)), options({ cache }));
  const lie = [{ ...layer(one, one), diffId: digestOf(two) }];
  await assert.rejects(readLayers(imageOf(lie), options({ cache })), /diffId: the config says/);
});

test("a blob that an image has twice is checked against both of its diffIds", async () => {
  const honest = layer(gzipMembers(one), one);
  const lie = { ...honest, diffId: digestOf(two) };
  await assert.rejects(
    readLayers(imageOf([lie, honest]), options()),
    /^UserError: layer 0 \(sha256:.*\): diffId: the config says/,
  );
  await assert.rejects(
    readLayers(imageOf([honest, lie]), options()),
    /^UserError: layer 1 \(sha256:.*\): diffId: the config says/,
  );
});

test("layers without a digest, as docker-archive has them, are known by diffId and size", async () => {
  const cache = memoryCache();
  const nameless = [{ ...layer(one, one), digest: undefined }];
  await readLayers(imageOf(nameless), options({ cache }));
  assert.deepEqual([...cache.kept.keys()], [`${digestOf(one)} ${one.length}`]);
  const [index] = await readLayers(imageOf(nameless), options({ cache }));
  assert.deepEqual(pathsOf(index as LayerIndex), ["one"]);
});

test("lies and damage name the layer and its digest, and nothing of them is cached", async () => {
  const wrong = `sha256:${"0".repeat(64)}`;
  const cut = gzipMembers(two).subarray(0, 60);
  const cases: readonly [Parameters<typeof imageOf>[0][number], RegExp][] = [
    [{ ...layer(two, two), digest: wrong }, /^layer 1 \(sha256:0+\): digest: the manifest says sha256:0+, the blob has sha256:/],
    [{ ...layer(gzipMembers(two), two), diffId: wrong }, /^layer 1 \(sha256:[^0].*\): diffId: the config says sha256:0+/],
    [layer(cut, two), /^layer 1 \(sha256:.*\): decompress: unexpected end of file after byte \d+ of the blob \(at byte/],
    [
      { ...layer(two, two), blob: { ...streamBlob(two), size: 7 } },
      /^layer 1 .*: size: the manifest says 7 bytes, the blob has 7680/,
    ],
  ];
  for (const [bad, pattern] of cases) {
    const cache = memoryCache();
    await assert.rejects(readLayers(imageOf([layer(one, one), bad]), options({ cache })), (error) => {
      assert.ok(error instanceof UserError && error.exitCode === 3, String(error));
      assert.match(error.message, pattern);
      return true;
    });
    assert.ok(!cache.kept.has(bad.digest ?? ""));
  }
});

test("the hint of a store's error goes on; what is no UserError is passed as it is", async () => {
  const failing = (error: Error): Image => {
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
      throw error;
    };
    return imageOf([{ ...layer(one, one), blob: { kind: "stream", size: one.length, open } }]);
  };
  const told = new UserError("unauthorized", "registry: 401", { hint: "log in", exitCode: 2 });
  await assert.rejects(readLayers(failing(told), options()), (error) => {
    assert.ok(error instanceof UserError && error.cause === told);
    assert.deepEqual([error.code, error.hint, error.exitCode], ["unauthorized", "log in", 2]);
    return true;
  });
  const bug = new TypeError("a bug");
  await assert.rejects(readLayers(failing(bug), options()), (error) => error === bug);
});

test("an abort ends all readers with its reason", async () => {
  const stop = new AbortController();
  const reason = new Error("interrupted");
  const silent = (): BlobBytes => ({
    kind: "stream",
    size: 1e6,
    open: async function* () {
      yield new Uint8Array(10);
      await new Promise(() => {});
    },
  });
  const layers = mixed.map((layer) => ({ ...layer, blob: silent() }));
  const reading = readLayers(imageOf(layers), options({ signal: stop.signal }));
  setImmediate(() => stop.abort(reason));
  await assert.rejects(reading, (error) => error === reason);
});
