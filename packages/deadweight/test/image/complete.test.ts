import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultLimits, type Limits } from "../../src/archive/limits.ts";
import type { ArchiveSource, ManifestSource } from "../../src/contracts/store.ts";
import { completeImage } from "../../src/image/complete.ts";
import { UserError } from "../../src/lib/user-error.ts";
import type { BlobBytes, Descriptor, Image } from "../../src/model/image.ts";
import type { Platform } from "../../src/model/platform.ts";
import { digestOf } from "../support/scanning.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const manifestType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const amd64: Platform = { os: "linux", architecture: "amd64" };

/** Blobs by digest, with what was asked of them. */
class Blobs {
  readonly bytes = new Map<string, Uint8Array>();
  readonly asked: string[] = [];

  add(bytes: Uint8Array, mediaType: string, rest: Partial<Descriptor> = {}): Descriptor {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length, ...rest };
    this.bytes.set(descriptor.digest, bytes);
    return descriptor;
  }

  image(layers: readonly Uint8Array[], platform: Platform = amd64, config: object = {}): Descriptor {
    const root = {
      ...platform,
      rootfs: { diff_ids: layers.map(digestOf) },
      history: layers.map((_, index) => ({ created_by: `step ${index}` })),
      ...config,
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: manifestType,
      config: this.add(json(root), "application/vnd.oci.image.config.v1+json"),
      layers: layers.map((layer) => this.add(layer, "application/vnd.oci.image.layer.v1.tar")),
    };
    return this.add(json(manifest), manifestType, { platform });
  }

  index(manifests: readonly unknown[], rest: Partial<Descriptor> = {}): Descriptor {
    return this.add(json({ schemaVersion: 2, mediaType: indexType, manifests }), indexType, rest);
  }

  source(root: Descriptor): ManifestSource {
    const of = (digest: string): Uint8Array => {
      this.asked.push(digest);
      const bytes = this.bytes.get(digest);
      if (bytes === undefined) throw new UserError("not-found", `blob ${digest}`);
      return bytes;
    };
    return {
      kind: "manifest",
      reference: "test:image",
      root: { ...root, bytes: of(root.digest) },
      manifest: async ({ digest }) => of(digest),
      blob: async ({ digest }) => streamOf(of(digest)),
      close: async () => {},
    };
  }
}

function streamOf(bytes: Uint8Array, size: number = bytes.length): BlobBytes {
  return {
    kind: "stream",
    size,
    open: async function* () {
      for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
    },
  };
}

function complete(blobs: Blobs, root: Descriptor, platform: Platform = amd64, limits: Partial<Limits> = {}): Promise<Image> {
  return completeImage(blobs.source(root), platform, { ...defaultLimits, ...limits });
}

const refused = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof UserError && error.code === code && pattern.test(error.message);
const layers = ["one", "two", "three"].map((text) => Buffer.from(text));

test("a manifest becomes an image with all that is known of it", async () => {
  const blobs = new Blobs();
  const root = blobs.image(layers);
  const image = await complete(blobs, root);
  assert.equal(image.digest, root.digest);
  assert.equal(image.reference, "test:image");
  assert.deepEqual(image.manifestBytes, blobs.bytes.get(root.digest));
  assert.deepEqual(
    image.layers.map(({ index, digest, diffId, mediaType, history }) => ({
      index,
      digest,
      diffId,
      mediaType,
      step: history?.createdBy,
    })),
    layers.map((layer, index) => ({
      index,
      digest: digestOf(layer),
      diffId: digestOf(layer),
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      step: `step ${index}`,
    })),
  );
});

test("history is tied to layers when the counts agree, without empty rows, and not at all when they don't", async () => {
  const blobs = new Blobs();
  const history = [{ created_by: "a" }, { created_by: "ENV", empty_layer: true }, { created_by: "b" }, { created_by: "c" }];
  const steps = async (rows: readonly object[]): Promise<readonly (string | undefined)[]> =>
    (await complete(blobs, blobs.image(layers, amd64, { history: rows }))).layers.map((layer) => layer.history?.createdBy);
  assert.deepEqual(await steps(history), ["a", "b", "c"]);
  assert.deepEqual(await steps(history.slice(1)), [undefined, undefined, undefined]);
});

test("the platform is found through nested indexes, the closest first, attestations never", async () => {
  const blobs = new Blobs();
  const of = (platform: Platform): Descriptor => blobs.image([Buffer.from(JSON.stringify(platform))], platform);
  const arm64: Platform = { os: "linux", architecture: "arm64", variant: "v8" };
  const armV6: Platform = { os: "linux", architecture: "arm", variant: "v6" };
  const armV7: Platform = { os: "linux", architecture: "arm", variant: "v7" };
  const windows: Platform = { os: "windows", architecture: "amd64" };
  const unknown: Platform = { os: "unknown", architecture: "unknown" };
  const attestation = of(unknown);
  const inner = blobs.index([attestation, of(armV6), of(armV7), of(arm64)]);
  const root = blobs.index([
    attestation,
    of(windows),
    inner,
    of(amd64),
    { ...of({ os: "linux", architecture: "s390x" }), platform: null },
  ]);
  const cases: readonly [Platform, Platform | undefined][] = [
    [amd64, amd64],
    [{ os: "linux", architecture: "arm64" }, arm64],
    [arm64, arm64],
    [armV7, armV7],
    [armV6, armV6],
    [windows, windows],
  ];
  for (const [wanted, found] of cases) {
    const { config } = await complete(blobs, root, wanted);
    assert.deepEqual(config.platform, found, JSON.stringify(wanted));
  }
  const plain = blobs.index([attestation, of(windows), inner]);
  const choose = (wanted: Platform): Promise<Image> => complete(blobs, plain, wanted);
  const missing = /^test:image: no image for linux\/(riscv64|arm\/v5|arm64\/v9)$/;
  for (const wanted of [
    { os: "linux", architecture: "riscv64" },
    { ...armV7, variant: "v5" },
    { ...arm64, variant: "v9" },
  ]) {
    await assert.rejects(choose(wanted), (error) => {
      assert.ok(refused("not-found", missing)(error));
      assert.equal(
        (error as UserError).hint,
        "choose one of these with --platform: linux/arm/v6, linux/arm/v7, linux/arm64/v8, windows/amd64",
      );
      return true;
    });
  }
  await assert.rejects(choose(unknown), refused("not-found", /unknown/));
  await assert.rejects(complete(blobs, blobs.index([])), (error) => (error as UserError).hint === "the index is empty");
});

test("an image for the same architecture without its usual variant is taken", async () => {
  const blobs = new Blobs();
  const without = blobs.image(layers, { os: "linux", architecture: "arm64" });
  const v8 = blobs.image([...layers, Buffer.from("v8")], { os: "linux", architecture: "arm64", variant: "v8" });
  const wantsV8: Platform = { os: "linux", architecture: "arm64", variant: "v8" };
  assert.equal((await complete(blobs, blobs.index([without]), wantsV8)).digest, without.digest);
  assert.equal((await complete(blobs, blobs.index([without, v8]), wantsV8)).digest, v8.digest);
  assert.equal(
    (await complete(blobs, blobs.index([v8, without]), { os: "linux", architecture: "arm64" })).digest,
    without.digest,
  );
});

test("a manifest asked for itself is taken, whatever its platform", async () => {
  const blobs = new Blobs();
  const root = blobs.image(layers, { os: "linux", architecture: "s390x" });
  assert.equal((await complete(blobs, root)).config.platform.architecture, "s390x");
});

test("indexes may nest as deep as the limit, and each digest is read once", async () => {
  const blobs = new Blobs();
  let root = blobs.image(layers);
  const nest = (times: number): Descriptor => {
    let { platform: _, ...descriptor } = root;
    for (let depth = 0; depth < times; depth++) descriptor = blobs.index([descriptor]);
    return descriptor;
  };
  assert.equal((await complete(blobs, nest(8))).digest, root.digest);
  await assert.rejects(complete(blobs, nest(9)), refused("unreadable", /^index: nested deeper than 8$/));
  // Twenty levels of two descriptors each, all of one digest: a million ways, all to one image for another platform.
  root = blobs.image(layers, { os: "plan9", architecture: "mips" });
  let fan: Descriptor = root;
  for (let depth = 0; depth < 7; depth++)
    fan = blobs.index([
      { ...fan, platform: undefined },
      { ...fan, platform: undefined },
    ]);
  blobs.asked.length = 0;
  await complete(blobs, fan);
  assert.equal(new Set(blobs.asked).size, blobs.asked.length);
});

test("more manifests than the limit are not read", async () => {
  const blobs = new Blobs();
  const empty = Array.from({ length: 20 }, (_, number) =>
    blobs.add(json({ schemaVersion: 2, manifests: [], annotations: { number } }), indexType),
  );
  await assert.rejects(complete(blobs, blobs.index(empty)), refused("not-found", /no image for linux\/amd64/));
  await assert.rejects(
    complete(blobs, blobs.index(empty), amd64, { indexEntries: 10 }),
    refused("unreadable", /^index: more than 10 manifests$/),
  );
});

test("digests and sizes that lie: of the root, of a manifest, of the config, of a layer", async () => {
  const blobs = new Blobs();
  const image = blobs.image(layers);
  const wrong = `sha256:${"0".repeat(64)}`;
  const source = blobs.source(image);
  const withRoot = (root: Partial<ManifestSource["root"]>): Promise<Image> =>
    completeImage({ ...source, root: { ...source.root, ...root } }, amd64, defaultLimits);
  await assert.rejects(withRoot({ digest: wrong }), refused("digest-mismatch", /^manifest: said to be sha256:0+, is sha256:/));
  await assert.rejects(withRoot({ size: 5 }), refused("digest-mismatch", /^manifest: said to be 5 bytes, is \d+$/));
  const lying = (change: object): Descriptor => blobs.index([{ ...image, ...change }]);
  await assert.rejects(complete(blobs, lying({ size: 5 })), refused("digest-mismatch", /^manifest: said to be 5 bytes/));
  const config = json({ ...amd64, rootfs: { diff_ids: layers.map(digestOf) } });
  const withConfig = (change: Partial<Descriptor>): Descriptor => {
    const descriptor = { ...blobs.add(config, "application/vnd.oci.image.config.v1+json"), ...change };
    blobs.bytes.set(descriptor.digest, config);
    return blobs.add(
      json({ schemaVersion: 2, config: descriptor, layers: layers.map((layer) => blobs.add(layer, "x")) }),
      manifestType,
    );
  };
  assert.equal((await complete(blobs, withConfig({}))).layers.length, 3);
  await assert.rejects(
    complete(blobs, withConfig({ digest: wrong })),
    refused("digest-mismatch", /^config: said to be sha256:0+, is/),
  );
  await assert.rejects(complete(blobs, withConfig({ size: 1 })), refused("digest-mismatch", /^config: said to be 1 bytes, is/));
  const longer = blobs.add(
    json({
      schemaVersion: 2,
      config: blobs.add(config, "x"),
      layers: layers.map((layer) => ({ ...blobs.add(layer, "x"), size: layer.length + 1 })),
    }),
    manifestType,
  );
  await assert.rejects(
    complete(blobs, longer),
    refused("digest-mismatch", /^layer sha256:.*: the manifest says 4 bytes, there are 3$/),
  );
});

test("sha512 digests are checked as such", async () => {
  const blobs = new Blobs();
  const source = blobs.source(blobs.image(layers));
  const root = { ...source.root, digest: `sha512:${"0".repeat(128)}` };
  await assert.rejects(
    completeImage({ ...source, root }, amd64, defaultLimits),
    refused("digest-mismatch", /is sha512:[0-9a-f]{128}$/),
  );
});

test("layers and diffIds must be as many, and not too many", async () => {
  const blobs = new Blobs();
  for (const count of [0, 2, 4]) {
    const diff_ids = Array.from({ length: count }, () => digestOf(Buffer.from("x")));
    const root = blobs.image(layers, amd64, { rootfs: { diff_ids } });
    await assert.rejects(
      complete(blobs, root),
      refused("unreadable", new RegExp(`^image: 3 layers, but the config has ${count} diffIds$`)),
    );
  }
  await assert.rejects(
    complete(blobs, blobs.image(layers), amd64, { layers: 2 }),
    refused("limit", /^image: 3 layers, more than 2$/),
  );
  assert.equal((await complete(blobs, blobs.image([]))).layers.length, 0);
});

test("manifests and configs larger than the limits are refused, the config before it is read", async () => {
  const blobs = new Blobs();
  const root = blobs.image(layers);
  await assert.rejects(
    complete(blobs, root, amd64, { manifestBytes: 10 }),
    refused("limit", /^manifest: \d+ bytes, more than 10$/),
  );
  blobs.asked.length = 0;
  await assert.rejects(complete(blobs, root, amd64, { configBytes: 10 }), refused("limit", /^config: \d+ bytes, more than 10$/));
  assert.deepEqual(blobs.asked, [root.digest]);
  // A store that sends more than it said is stopped as well.
  const source = blobs.source(root);
  const endless: ManifestSource = {
    ...source,
    blob: async () => ({
      kind: "stream",
      size: 10,
      open: async function* () {
        for (;;) yield new Uint8Array(1000);
      },
    }),
  };
  await assert.rejects(
    completeImage(endless, amd64, { ...defaultLimits, configBytes: 100_000 }),
    refused("limit", /more than 100000$/),
  );
});

test("a config may be part of a file, which may have been cut off", async () => {
  const blobs = new Blobs();
  const root = blobs.image(layers);
  const source = blobs.source(root);
  const path = join(temporaryFolder(), "blobs");
  const inFile: ManifestSource = {
    ...source,
    blob: async ({ digest, size }) => {
      writeFileSync(
        path,
        Buffer.concat([Buffer.from("before"), blobs.bytes.get(digest) ?? new Uint8Array(0), Buffer.from("after")]),
      );
      return { kind: "file", path, offset: 6, size };
    },
  };
  assert.equal((await completeImage(inFile, amd64, defaultLimits)).config.history.length, 3);
  const cut: ManifestSource = {
    ...source,
    blob: async ({ size }) => {
      writeFileSync(path, "short");
      return { kind: "file", path, offset: 6, size };
    },
  };
  await assert.rejects(completeImage(cut, amd64, defaultLimits), refused("unreadable", /blobs: ends before byte \d+$/));
});

test("an archive without a manifest: the image is called by its config", async () => {
  const config = json({ ...amd64, rootfs: { diff_ids: layers.map(digestOf) }, history: [] });
  const source: ArchiveSource = {
    kind: "archive",
    reference: "docker-archive:x",
    config: { bytes: config, digest: digestOf(config) },
    layers: layers.map((layer) => streamOf(layer)),
    close: async () => {},
  };
  const image = await completeImage(source, amd64, defaultLimits);
  assert.equal(image.digest, digestOf(config));
  assert.deepEqual(
    image.layers.map(({ digest, diffId, history }) => [digest, diffId, history]),
    layers.map((layer) => [undefined, digestOf(layer), undefined]),
  );
  await assert.rejects(
    completeImage({ ...source, config: { bytes: config, digest: `sha256:${"0".repeat(64)}` } }, amd64, defaultLimits),
    refused("digest-mismatch", /^config: /),
  );
  await assert.rejects(
    completeImage({ ...source, layers: [] }, amd64, defaultLimits),
    refused("unreadable", /0 layers, but the config has 3/),
  );
});
