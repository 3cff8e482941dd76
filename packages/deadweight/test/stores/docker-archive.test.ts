import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { ArchiveSource, ImageSource } from "../../src/contracts/store.ts";
import { UserError } from "../../src/lib/user-error.ts";
import type { BlobBytes } from "../../src/model/image.ts";
import { dockerArchive } from "../../src/stores/docker-archive.ts";
import { configOf, fileOf, folderOf, ociFrame, ociImage, patchedHeader, sha256 } from "../support/archived-image.ts";
import { type TestEntry, tarOf } from "../support/layers.ts";
import { openOptions } from "../support/open-options.ts";

const first = tarOf([{ path: "etc/one", content: "one" }]);
const second = tarOf([{ path: "etc/two", content: "two" }]);
const config = configOf([first, second]);
const configName = `${sha256(config)}.json`;

/** The members that `docker save` of Docker 20 writes. */
const saved: readonly TestEntry[] = [
  { path: "aa/", type: "directory" },
  { path: "aa/layer.tar", content: first },
  { path: "bb/layer.tar", content: second },
  { path: configName, content: config },
  manifestOf([{ Config: configName, RepoTags: ["app:1"], Layers: ["aa/layer.tar", "bb/layer.tar"] }]),
];

function manifestOf(images: readonly unknown[]): TestEntry {
  return { path: "manifest.json", content: JSON.stringify(images) };
}

/** The saved members with some replaced, by path; those of new paths are added. */
function savedWith(...changed: readonly TestEntry[]): readonly TestEntry[] {
  const paths = new Set(changed.map(({ path }) => path));
  return [...saved.filter(({ path }) => !paths.has(path)), ...changed];
}

async function openArchive(name: string): Promise<ArchiveSource> {
  const source = await dockerArchive.open(name, openOptions());
  assert.equal(source.kind, "archive");
  return source;
}

function contentOf(blob: BlobBytes): Uint8Array {
  assert.equal(blob.kind, "file");
  return readFileSync(blob.path).subarray(blob.offset, blob.offset + blob.size);
}

async function assertIsApp(source: ImageSource): Promise<void> {
  assert.equal(source.kind, "archive");
  assert.equal(Buffer.from(source.config.bytes).toString(), config);
  assert.equal(source.config.digest, `sha256:${sha256(config)}`);
  assert.deepEqual(source.layers.map(contentOf).map(sha256), [sha256(first), sha256(second)]);
}

async function assertRefused(entries: readonly TestEntry[] | Uint8Array, message: RegExp, selector = ""): Promise<void> {
  const path = fileOf(entries);
  await assert.rejects(
    dockerArchive.open(path + selector, openOptions()),
    (error) => error instanceof UserError && error.exitCode === 3 && message.test(error.message) && error.message.includes(path),
  );
}

test("what docker save wrote before Docker 25 gives config and layers", async () => {
  const path = fileOf(saved);
  const source = await openArchive(path);
  await assertIsApp(source);
  assert.equal(source.reference, `docker-archive:${path}`);
});

test("members may be named with ./ and the archive may have no end blocks", async () => {
  const dotted = tarOf(saved.map((entry) => ({ ...entry, path: `./${entry.path}` })));
  await assertIsApp(await openArchive(fileOf(dotted.subarray(0, dotted.length - 1024))));
});

test("layers that are links to another member are followed", async () => {
  const symlink: TestEntry = { path: "bb/layer.tar", type: "symlink", link: "../cc/layer.tar" };
  await assertIsApp(await openArchive(fileOf(savedWith(symlink, { path: "cc/layer.tar", content: second }))));
  const hardlink: TestEntry = { path: "bb/layer.tar", type: "hardlink", link: "cc.tar" };
  await assertIsApp(await openArchive(fileOf(savedWith({ path: "cc.tar", content: second }, hardlink))));
});

for (const [kind, compress] of [
  ["gzip", gzipSync],
  ["zstd", zstdCompressSync],
] as const) {
  test(`an archive compressed with ${kind} is expanded beside, and removed again`, async () => {
    const told: string[] = [];
    const folder = folderOf([]);
    const path = fileOf(compress(tarOf(saved)));
    const onProgress = (label: string, done: number, total: number | undefined): void => {
      told.push(`${label} ${done} of ${total}`);
    };
    const source = await dockerArchive.open(path, openOptions({ temporaryFolder: folder, onProgress }));
    await assertIsApp(source);
    const { size } = statSync(path);
    assert.deepEqual(told, [`expanding ${kind} ${path} ${size} of ${size}`]);
    assert.equal(readdirSync(folder).length, 1);
    await source.close();
    assert.deepEqual(readdirSync(folder), []);
  });
}

test("a compressed archive that expands a thousand times is expanded whole", async () => {
  const content = Buffer.alloc(20_000_000);
  const layers = manifestOf([{ Config: configName, RepoTags: ["app:1"], Layers: ["aa/layer.tar", "zeros"] }]);
  for (const compress of [gzipSync, zstdCompressSync]) {
    const source = await openArchive(fileOf(compress(tarOf([...savedWith(layers), { path: "zeros", content }]))));
    assert.deepEqual(source.layers.map(contentOf).map(sha256), [sha256(first), sha256(content)]);
    await source.close();
  }
});

test("a compressed archive that is damaged leaves nothing behind", async () => {
  const folder = folderOf([]);
  const whole = gzipSync(tarOf(saved));
  for (const bytes of [whole.subarray(0, whole.length - 10), Buffer.concat([whole, Buffer.from("garbage")])]) {
    await assert.rejects(
      dockerArchive.open(fileOf(bytes), openOptions({ temporaryFolder: folder })),
      (error) => error instanceof UserError && error.exitCode === 3,
    );
  }
  assert.deepEqual(readdirSync(folder), []);
});

test("of several images one is chosen by name, by short name or by config", async () => {
  const other = configOf([second]);
  const path = fileOf(
    savedWith(
      { path: "other.json", content: other },
      manifestOf([
        { Config: configName, RepoTags: ["docker.io/library/app:latest"], Layers: ["aa/layer.tar", "bb/layer.tar"] },
        { Config: "other.json", RepoTags: ["b:1", "b:2"], Layers: ["bb/layer.tar"] },
      ]),
    ),
  );
  for (const name of ["app", "app:latest", "docker.io/library/app:latest", configName]) {
    await assertIsApp(await openArchive(`${path}:${name}`));
  }
  assert.equal(Buffer.from((await openArchive(`${path}:b:2`)).config.bytes).toString(), other);
  await assert.rejects(
    dockerArchive.open(path, openOptions()),
    (error) =>
      error instanceof UserError && error.exitCode === 2 && /"docker.io\/library\/app:latest", "b:1", "b:2"/.test(error.message),
  );
  await assert.rejects(dockerArchive.open(`${path}:nope`, openOptions()), { code: "not-found", message: /"b:1", "b:2"/ });
});

test("a file name may hold colons", async () => {
  const path = fileOf(saved, "app:1.tar:x");
  await assertIsApp(await openArchive(path));
  await assertIsApp(await openArchive(`${path}:app:1`));
});

test("an image without layers, with null for its lists", async () => {
  const source = await openArchive(
    fileOf([{ path: "c.json", content: configOf([]) }, manifestOf([{ Config: "c.json", RepoTags: null, Layers: null }])]),
  );
  assert.deepEqual(source.layers, []);
  assert.equal(source.config.digest, undefined);
});

/** What Docker 25 and later write: an OCI layout with Docker's manifest.json beside. */
function savedByDocker25(names: readonly string[] = ["docker.io/library/app:1"]): readonly TestEntry[] {
  const images = names.map((name) => {
    const tag = name.slice(name.lastIndexOf(":") + 1);
    const annotations = { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": tag };
    return ociImage([first, second], { annotations });
  });
  const paths = [first, second].map((layer) => `blobs/sha256/${sha256(layer)}`);
  return [
    ...(images[0]?.blobs ?? []),
    ...ociFrame(images.map(({ descriptor }) => descriptor)),
    manifestOf([{ Config: `blobs/sha256/${sha256(config)}`, RepoTags: names, Layers: paths }]),
  ];
}

test("what docker save writes since Docker 25 is opened by its OCI index", async () => {
  const path = fileOf(savedByDocker25());
  for (const name of [path, `${path}:app:1`, `${path}:1`, `${path}:docker.io/library/app:1`]) {
    const source = await dockerArchive.open(name, openOptions());
    assert.equal(source.kind, "manifest");
    assert.equal(source.root.digest, `sha256:${sha256(source.root.bytes)}`);
    assert.equal(source.root.mediaType, "application/vnd.oci.image.manifest.v1+json");
    const layer = { mediaType: "", digest: `sha256:${sha256(second)}`, size: second.length };
    assert.deepEqual(Buffer.from(contentOf(await source.blob(layer))), Buffer.from(second));
  }
});

test("one image with two names needs no choice", async () => {
  const source = await dockerArchive.open(
    fileOf(savedByDocker25(["docker.io/library/app:1", "docker.io/library/app:2"])),
    openOptions(),
  );
  assert.equal(source.kind, "manifest");
});

test("an OCI index that does not name the image leaves it to manifest.json", async () => {
  const nameless = savedByDocker25().map((entry) =>
    entry.path === "index.json" ? { ...entry, content: '{"schemaVersion":2,"manifests":[]}' } : entry,
  );
  await assertIsApp(await openArchive(`${fileOf(nameless)}:app:1`));
  await assertIsApp(await openArchive(fileOf(nameless)));
});

test("a config of several megabytes is read as it is", async () => {
  const large = JSON.stringify({ ...JSON.parse(config), note: Array.from({ length: 500_000 }, (_, place) => place) });
  const source = await openArchive(fileOf(savedWith({ path: configName, content: large })));
  assert.equal(Buffer.from(source.config.bytes).toString() === large, true);
});

test("members of one name: the digest in the config decides", async () => {
  const wrong: TestEntry = { path: "bb/layer.tar", content: tarOf([{ path: "evil", content: "evil" }]) };
  await assertIsApp(await openArchive(fileOf([...saved, wrong])));
  await assertIsApp(await openArchive(fileOf([wrong, ...saved])));
  await assertIsApp(await openArchive(fileOf([...saved, { path: configName, content: configOf([first]) }])));
});

test("manifest.json twice is fine when it is the same, refused when it is not", async () => {
  const manifest = saved.at(-1) ?? manifestOf([]);
  await assertIsApp(await openArchive(fileOf([...saved, manifest])));
  const other = manifestOf([{ Config: configName, RepoTags: ["app:1"], Layers: [] }]);
  await assertRefused([...saved, other], /"manifest.json": in the archive 2 times, with different content/);
});

test("archives that can't be an image are refused with a reason", async () => {
  await assertRefused([{ path: "etc/passwd", content: "x" }], /neither manifest.json nor index.json/);
  await assertRefused(savedWith({ path: "manifest.json", content: "[" }), /manifest.json: no valid JSON/);
  await assertRefused(savedWith({ path: "manifest.json", content: "{}" }), /manifest.json: no list of images/);
  await assertRefused(savedWith({ path: "manifest.json", content: "[]" }), /holds no image/);
  await assertRefused(savedWith({ path: "manifest.json", content: "[".repeat(100_000) }), /nested deeper than 64/);
  await assertRefused(
    savedWith({ path: "manifest.json", content: " ".repeat(2 * 1024 * 1024) }),
    /2097152 bytes, more than the limit of 1048576/,
  );
  await assertRefused(
    savedWith({ path: configName, content: " ".repeat(9 * 1024 * 1024) }),
    /9437184 bytes, more than the limit of 8388608/,
  );
  await assertRefused(savedWith(manifestOf([{ Layers: [] }])), /image 0: no Config/);
  await assertRefused(savedWith(manifestOf([{ Config: configName, Layers: [1] }])), /Layers: no list of texts/);
  await assertRefused(savedWith(manifestOf([{ Config: configName, Layers: Array(1001).fill("aa/layer.tar") }])), /1001 layers/);
});

test("members that lead out, are no files or are not there are refused", async () => {
  const layers = (...paths: readonly string[]): TestEntry => manifestOf([{ Config: configName, Layers: paths }]);
  await assertRefused(savedWith(layers("zz/layer.tar")), /"zz\/layer.tar", which manifest.json names, is not there/);
  await assertRefused(savedWith(layers("../../etc/passwd")), /leads out of the archive/);
  await assertRefused(savedWith(layers("aa")), /"aa": is a folder/);
  await assertRefused(savedWith(layers("")), /not there/);
  const link = (target: string, path = "aa/layer.tar"): TestEntry => ({ path, type: "symlink", link: target });
  await assertRefused(savedWith(link("/etc/passwd")), /a link that leads out of the archive/);
  await assertRefused(savedWith(link("../../../etc/passwd")), /a link that leads out of the archive/);
  await assertRefused(savedWith(link("layer.tar")), /a link to a link/);
  await assertRefused(savedWith(link("../cc/layer.tar"), link("../aa/layer.tar", "cc/layer.tar")), /a link to a link/);
  await assertRefused(savedWith(link("../nope")), /a link to nope, which is not there/);
  await assertRefused(savedWith({ path: "aa/layer.tar", type: "fifo" }), /is no regular file/);
});

test("a manifest.json that is a link out of the archive is refused", async () => {
  await assertRefused(savedWith({ path: "manifest.json", type: "symlink", link: "/etc/passwd" }), /leads out of the archive/);
});

test("an archive that is cut off is refused at any byte of its content", async () => {
  const whole = tarOf(saved);
  const end = whole.length - 1024;
  for (const length of [100, 511, 513, 700, 1500, 3000, end - 600, end - 513]) {
    const path = fileOf(whole);
    truncateSync(path, length);
    await assert.rejects(
      dockerArchive.open(path, openOptions()),
      (error) => error instanceof UserError && error.exitCode === 3,
      `${length} bytes`,
    );
  }
});

test("a member that claims more bytes than the archive has is refused", async () => {
  for (const size of [10n ** 9n, 8n ** 11n - 1n]) {
    const header = patchedHeader(tarOf([{ path: "aa/layer.tar" }]), 124, size.toString(8).padStart(11, "0"));
    await assertRefused(Buffer.concat([header, tarOf(saved)]), new RegExp(`inside a file of ${size} bytes`));
  }
});

test("files that are no tar are refused", async () => {
  await assertRefused(Buffer.from("no archive at all".repeat(100)), /tar header/);
  await assertRefused(Buffer.alloc(0), /neither manifest.json nor index.json/);
  await assertRefused(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /compressed with xz/);
  await assert.rejects(dockerArchive.open("/no/such/file.tar:x", openOptions()), { code: "not-found" });
  await assert.rejects(dockerArchive.open(folderOf([]), openOptions()), { code: "unreadable", message: /not a file/ });
});

test("an archive of too many members is refused", async () => {
  const entry = tarOf([{ path: "x" }]).subarray(0, 512);
  await assertRefused(Buffer.concat(Array<Uint8Array>(100_001).fill(entry)), /more than 100000 members/);
});

test("headers without end are refused", async () => {
  const archive = tarOf([{ path: "x", content: "19 comment=padding\n" }]);
  const global = Buffer.concat([patchedHeader(archive, 156, "g"), archive.subarray(512, 1024)]);
  await assertRefused(Buffer.concat([...Array<Uint8Array>(17_000).fill(global), tarOf(saved)]), /bytes of headers alone/);
});

test("a stop is obeyed", async () => {
  const stopped = openOptions({ signal: AbortSignal.abort(new Error("stopped")) });
  await assert.rejects(dockerArchive.open(fileOf(saved), stopped), { message: "stopped" });
  await assert.rejects(dockerArchive.open(fileOf(gzipSync(tarOf(saved))), stopped));
});

test("an archive is recognised by manifest.json, a compressed one by its first header", async () => {
  const recognises = dockerArchive.recognises ?? assert.fail("no recognises");
  assert.equal(await recognises(fileOf(saved)), true);
  assert.equal(await recognises(fileOf(gzipSync(tarOf(saved)))), true);
  assert.equal(await recognises(fileOf(zstdCompressSync(tarOf(saved)))), true);
  // pzstd begins with a skippable frame: RFC 8878, 3.1.2.
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
  const path = fileOf(Buffer.concat([skippable, zstdCompressSync(tarOf(saved))]));
  assert.equal(await recognises(path), true);
  await assertIsApp(await openArchive(path));
  assert.equal(await recognises(fileOf([{ path: "etc/passwd", content: "x" }])), false);
  assert.equal(await recognises(fileOf(gzipSync(Buffer.from("no archive")))), false);
  assert.equal(await recognises(fileOf(Buffer.from("no archive"))), false);
  assert.equal(await recognises(folderOf([])), false);
  assert.equal(await recognises("/no/such/file"), false);
});

test("a folder of that name beside is no archive", async () => {
  const folder = folderOf([]);
  writeFileSync(join(folder, "f"), tarOf(saved));
  await assertIsApp(await openArchive(`${folder}/f:app:1`));
  await assert.rejects(dockerArchive.open(`${folder}:f`, openOptions()), { code: "unreadable", message: /not a file/ });
});
