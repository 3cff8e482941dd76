import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Outgoing, OutgoingImage, Store } from "../../../src/contracts/store.ts";
import { UserError } from "../../../src/lib/user-error.ts";
import { dockerArchive } from "../../../src/stores/docker-archive.ts";
import { ociArchive } from "../../../src/stores/oci-archive.ts";
import { ociLayout } from "../../../src/stores/oci-layout.ts";
import { sha256 } from "../../support/archived-image.ts";
import { tarOf } from "../../support/layers.ts";
import { openOptions } from "../../support/open-options.ts";
import { bytesOf, lying, noise, outgoingImage, outgoingOf, readBack, streamOf, writeOptions } from "../../support/outgoing.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const archives = [
  tarOf([{ path: "etc/noise", content: noise(1_500_000) }]),
  tarOf([{ path: "etc/zeros", content: Buffer.alloc(1_500_000) }]),
  tarOf([{ path: "etc/two", content: "two" }]),
];
const image = outgoingImage([
  { archive: archives[0] ?? noise(0), compression: "gzip" },
  { archive: archives[1] ?? noise(0), compression: "zstd", isStream: true },
  { archive: archives[2] ?? noise(0) },
  { archive: archives[2] ?? noise(0) },
]);
const outgoing = outgoingOf(image);
const arm = outgoingImage([{ archive: archives[0] ?? noise(0), compression: "gzip" }, { archive: noise(1000) }], {
  architecture: "arm64",
});

const stores: readonly Store[] = [ociLayout, ociArchive, dockerArchive];
const oci = [ociLayout, ociArchive];

async function write(store: Store, name: string, what: Outgoing = outgoing, changes = {}): Promise<string> {
  assert.ok(store.write);
  return store.write(name, what, writeOptions(changes));
}

function storedBytes({ layers }: OutgoingImage): Promise<readonly Buffer[]> {
  return Promise.all(layers.map(({ bytes }) => bytesOf(bytes)));
}

for (const store of oci) {
  test(`${store.scheme}: what is written is read back to the byte`, async () => {
    const path = join(temporaryFolder(), "x");
    const reference = await write(store, path);
    assert.equal(reference, `${store.scheme}:${path}`);
    const back = await readBack(await store.open(path, openOptions()));
    assert.equal(back.image.digest, image.manifest.descriptor.digest);
    assert.deepEqual(back.image.configBytes, new Uint8Array(image.config.bytes));
    assert.deepEqual(back.layers, await storedBytes(image));
  });

  test(`${store.scheme}: an index, with a blob that both images have written once`, async () => {
    const path = join(temporaryFolder(), "x");
    const both = outgoingOf(image, arm);
    await write(store, `${path}:v1`, both);
    for (const [architecture, one] of [
      ["amd64", image],
      ["arm64", arm],
    ] as const) {
      const back = await readBack(
        await store.open(`${path}:v1`, openOptions({ platform: { os: "linux", architecture } })),
        architecture,
      );
      assert.equal(back.image.digest, one.manifest.descriptor.digest);
      assert.deepEqual(back.layers, await storedBytes(one));
    }
    const blobs = new Set(
      [image, arm].flatMap(({ manifest, config, layers }) =>
        [manifest, config, ...layers].map(({ descriptor }) => descriptor.digest),
      ),
    );
    if (store === ociLayout) assert.equal(readdirSync(join(path, "blobs/sha256")).length, blobs.size + 1);
  });

  test(`${store.scheme}: a tag and a whole name lead to it`, async () => {
    for (const name of ["v1.0", "registry.example/team/app:v1", "app:v1", "_x"]) {
      const path = join(temporaryFolder(), "x");
      assert.equal(await write(store, `${path}:${name}`), `${store.scheme}:${path}:${name}`);
      const back = await readBack(await store.open(`${path}:${name}`, openOptions()));
      assert.equal(back.image.digest, image.manifest.descriptor.digest);
      await assert.rejects(store.open(`${path}:other`, openOptions()), { code: "not-found" });
    }
  });

  test(`${store.scheme}: what can't be a name is refused`, async () => {
    const folder = temporaryFolder();
    for (const name of ["-x", "a b", `sha256:${"0".repeat(64)}`, "x".repeat(256), "a\nb"]) {
      await assert.rejects(write(store, `${folder}/x:${name}`), { code: "bad-reference", exitCode: 2 });
    }
    assert.deepEqual(readdirSync(folder), []);
  });
}

test("docker-archive: layers are plain, checked and written once each, and the name leads to them", async () => {
  const path = join(temporaryFolder(), "x.tar");
  assert.equal(await write(dockerArchive, `${path}:team/app`), `docker-archive:${path}:team/app:latest`);
  for (const name of [path, `${path}:team/app:latest`, `${path}:docker.io/team/app`]) {
    const back = await readBack(await dockerArchive.open(name, openOptions()));
    assert.equal(back.image.digest, image.config.descriptor.digest);
    assert.deepEqual(
      back.layers.map(sha256),
      [0, 1, 2, 2].map((at) => sha256(archives[at] ?? noise(0))),
    );
  }
  const plain = archives.reduce((sum, archive) => sum + archive.length, 0);
  assert.ok(statSync(path).size < plain + 10_000);
});

test("docker-archive: without a name it has none", async () => {
  const path = join(temporaryFolder(), "x.tar");
  assert.equal(await write(dockerArchive, path), `docker-archive:${path}`);
  assert.ok(!readFileSync(path).includes('"repositories"'));
  await assert.rejects(dockerArchive.open(`${path}:app`, openOptions()), { code: "not-found" });
});

test("docker-archive: several platforms are refused before anything is written, and what can't be a name", async () => {
  const folder = temporaryFolder();
  const both = outgoingOf(image, arm);
  await assert.rejects(write(dockerArchive, join(folder, "x.tar"), both), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /holds one platform, the image is for linux\/amd64, linux\/arm64/);
    assert.match(error.hint ?? "", /--platform/);
    return error.code === "unsupported" && error.exitCode === 2;
  });
  for (const name of ["App:1", "a b", `app@sha256:${"0".repeat(64)}`, "0".repeat(64), "a//b"]) {
    await assert.rejects(write(dockerArchive, `${folder}/x.tar:${name}`), { code: "bad-reference", exitCode: 2 });
  }
  assert.deepEqual(readdirSync(folder), []);
});

test("docker-archive: an index of one image is that image", async () => {
  const path = join(temporaryFolder(), "x.tar");
  const bytes = Buffer.from("{}");
  await write(dockerArchive, path, {
    ...outgoing,
    index: { descriptor: { mediaType: "x", digest: `sha256:${sha256(bytes)}`, size: 2 }, bytes },
  });
  assert.equal((await readBack(await dockerArchive.open(path, openOptions()))).image.digest, image.config.descriptor.digest);
});

test("docker-archive: a layer that expands to something else than its diffId is refused", async () => {
  const folder = temporaryFolder();
  const [layer] = image.layers;
  assert.ok(layer);
  const wrong = { ...image, layers: [{ ...layer, diffId: `sha256:${"0".repeat(64)}` }] };
  await assert.rejects(write(dockerArchive, join(folder, "x"), outgoingOf(wrong)), {
    code: "digest-mismatch",
    message: /expands to sha256:/,
  });
  assert.deepEqual(readdirSync(folder), []);
});

for (const store of stores) {
  test(`${store.scheme}: the same image gives the same bytes`, async () => {
    const folder = temporaryFolder();
    const names = ["one", "two"];
    for (const name of names) await write(store, `${join(folder, name)}:team/app:1`);
    const path = (name: string): string => join(folder, name, store === ociLayout ? "index.json" : "");
    assert.deepEqual(readFileSync(path("one")), readFileSync(path("two")));
  });

  test(`${store.scheme}: what is there stays without force, and goes with it`, async () => {
    const path = join(temporaryFolder(), "x");
    await write(store, path);
    await assert.rejects(write(store, path, outgoingOf(arm)), { code: "exists", exitCode: 2 });
    await readBack(await store.open(path, openOptions()));
    await write(store, path, outgoingOf(arm), { force: true });
    await readBack(await store.open(path, openOptions({ platform: { os: "linux", architecture: "arm64" } })), "arm64");
    assert.deepEqual(readdirSync(join(path, "..")), ["x"]);
  });

  test(`${store.scheme}: an image is replaced by what is read from itself`, async () => {
    const path = join(temporaryFolder(), "x");
    await write(store, path);
    const back = await readBack(await store.open(path, openOptions()));
    const [first, ...others] = image.layers;
    assert.ok(first !== undefined && back.image.layers[0] !== undefined);
    const bytes = store === dockerArchive ? first.bytes : back.image.layers[0].blob;
    await write(store, path, outgoingOf({ ...image, layers: [{ ...first, bytes }, ...others] }), { force: true });
    await readBack(await store.open(path, openOptions()));
  });

  test(`${store.scheme}: a source that lies is an error, nothing is left and the old one stays`, async () => {
    const folder = temporaryFolder();
    await write(store, join(folder, "old"), outgoingOf(arm));
    const before = readdirSync(folder);
    const [layer] = image.layers;
    const bytes = await bytesOf(layer?.bytes ?? streamOf());
    const flipped = Buffer.from(bytes);
    flipped[1_000_000] = (flipped[1_000_000] ?? 0) ^ 1;
    for (const [source, message] of [
      [streamOf(flipped), /^blob sha256:.*the source gives sha256:|^layer sha256:\w+: /],
      [streamOf(bytes.subarray(0, -1)), /^blob sha256:.*the source gives \d+$|^layer sha256:\w+: /],
      [streamOf(bytes, noise(1)), /the source gives more$/],
      [
        { kind: "file", path: "/nonexistent/blob", offset: 0, size: bytes.length },
        /^blob sha256:\w+, in \/nonexistent\/blob: no such file/,
      ],
    ] as const) {
      for (const name of ["new", "old"]) {
        const written = write(
          store,
          join(folder, name),
          lying(outgoing, () => source),
          { force: true },
        );
        await assert.rejects(written, (error) => error instanceof UserError && message.test(error.message), String(message));
      }
    }
    assert.deepEqual(readdirSync(folder), before);
    await readBack(
      await store.open(join(folder, "old"), openOptions({ platform: { os: "linux", architecture: "arm64" } })),
      "arm64",
    );
  });

  test(`${store.scheme}: progress begins with nothing and ends with all`, async () => {
    const told: (readonly [string, number, number | undefined])[] = [];
    const path = join(temporaryFolder(), "x");
    const big = outgoingOf(outgoingImage([{ archive: noise(9_000_000) }]));
    await write(store, path, big, { onProgress: (...step: readonly [string, number, number | undefined]) => told.push(step) });
    const [, , total] = told[0] ?? [];
    assert.deepEqual(told[0], [`writing ${path}`, 0, total]);
    assert.deepEqual(told.at(-1), [`writing ${path}`, total, total]);
    assert.ok(told.length >= 3 && told.length <= 6);
  });

  test(`${store.scheme}: the signal ends it and nothing is left`, async () => {
    const folder = temporaryFolder();
    const stop = new AbortController();
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield noise(100);
      stop.abort(new Error("stopped"));
      yield noise(100);
    };
    const stopped = lying(outgoing, ({ size }) => ({ kind: "stream", size, open }));
    await assert.rejects(write(store, join(folder, "x"), stopped, { signal: stop.signal }), { message: "stopped" });
    assert.deepEqual(readdirSync(folder), []);
  });
}

test("oci: a folder that is no layout, or holds more than one, is not replaced even with force", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "home"));
  writeFileSync(join(folder, "home/thesis"), "years");
  await assert.rejects(write(ociLayout, join(folder, "home"), outgoing, { force: true }), {
    code: "exists",
    message: /holds "thesis", which is no part of an OCI layout/,
  });
  mkdirSync(join(folder, "empty"));
  mkdirSync(join(folder, "empty/blobs"));
  await assert.rejects(write(ociLayout, join(folder, "empty"), outgoing, { force: true }), {
    code: "exists",
    message: /holds no OCI layout/,
  });
  assert.ok(existsSync(join(folder, "home/thesis")));
});

test("an image of no layers", async () => {
  for (const store of stores) {
    const path = join(temporaryFolder(), "x");
    await write(store, `${path}:app:1`, outgoingOf(outgoingImage([])));
    assert.deepEqual((await readBack(await store.open(path, openOptions()))).layers, []);
  }
});

test("several images without an index above them are a mistake of the program", async () => {
  await assert.rejects(
    write(ociLayout, join(temporaryFolder(), "x"), { images: [image, arm] }),
    /2 images to write and no index/,
  );
});
