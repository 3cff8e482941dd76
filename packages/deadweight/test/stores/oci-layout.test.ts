import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultLimits } from "../../src/archive/limits.ts";
import type { ManifestSource } from "../../src/contracts/store.ts";
import { completeImage } from "../../src/image/complete.ts";
import { UserError } from "../../src/lib/user-error.ts";
import { ociLayout } from "../../src/stores/oci-layout.ts";
import { fileOf, folderOf, type LayoutFile, ociFrame, ociImage, sha256 } from "../support/archived-image.ts";
import { tarOf } from "../support/layers.ts";
import { openOptions } from "../support/open-options.ts";

const refName = "org.opencontainers.image.ref.name";
const first = tarOf([{ path: "etc/one", content: "one" }]);
const second = tarOf([{ path: "etc/two", content: "two" }]);
const app = ociImage([first, second]);
const layer = { mediaType: "", digest: `sha256:${sha256(second)}`, size: second.length };

function layoutOf(descriptors: readonly unknown[], blobs: readonly LayoutFile[] = app.blobs): string {
  return folderOf([...ociFrame(descriptors), ...blobs]);
}

function tagged(tag: string, extra: object = {}): Readonly<Record<string, unknown>> {
  return { ...app.descriptor, annotations: { [refName]: tag }, ...extra };
}

async function openLayout(name: string): Promise<ManifestSource> {
  const source = await ociLayout.open(name, openOptions());
  assert.equal(source.kind, "manifest");
  return source;
}

async function assertRefused(name: string, message: RegExp, exitCode = 3): Promise<void> {
  await assert.rejects(
    ociLayout.open(name, openOptions()),
    (error) => error instanceof UserError && error.exitCode === exitCode && message.test(error.message),
  );
}

test("the only image of a folder is opened, and its blobs are where the digests say", async () => {
  const folder = layoutOf([app.descriptor]);
  const source = await openLayout(folder);
  assert.equal(source.reference, `oci:${folder}`);
  assert.equal(`sha256:${sha256(source.root.bytes)}`, app.descriptor["digest"]);
  assert.deepEqual([source.root.digest, source.root.size], [app.descriptor["digest"], app.descriptor["size"]]);
  const blob = await source.blob(layer);
  assert.equal(blob.kind, "file");
  assert.deepEqual([blob.offset, blob.size], [0, second.length]);
  assert.equal(sha256(readFileSync(blob.path)), sha256(second));
});

test("a tag chooses, also one with a name and colons, and a digest does", async () => {
  const other = ociImage([second]);
  const descriptors = [tagged("1.0"), { ...other.descriptor, annotations: { [refName]: "registry.example/a/b:2" } }];
  const folder = layoutOf(descriptors, [...app.blobs, ...other.blobs]);
  assert.equal((await openLayout(`${folder}:1.0`)).root.digest, app.descriptor["digest"]);
  assert.equal((await openLayout(`${folder}:registry.example/a/b:2`)).root.digest, other.descriptor["digest"]);
  assert.equal((await openLayout(`${folder}:${String(other.descriptor["digest"])}`)).root.digest, other.descriptor["digest"]);
  await assertRefused(folder, /several images: "1.0", "registry.example\/a\/b:2"/, 2);
  await assertRefused(`${folder}:3`, /no image "3": it holds "1.0", "registry.example\/a\/b:2"/);
});

test("attestations beside an image are not taken for one", async () => {
  const attestation = ociImage([first], { annotations: { "vnd.docker.reference.type": "attestation-manifest" } });
  const unknown = { ...ociImage([]).descriptor, platform: { os: "unknown", architecture: "unknown" } };
  const source = await openLayout(layoutOf([attestation.descriptor, app.descriptor, unknown]));
  assert.equal(source.root.digest, app.descriptor["digest"]);
});

test("one image for several platforms right in index.json becomes an index of these", async () => {
  const images = ["amd64", "arm64"].map((architecture) => ociImage([first], { architecture, annotations: { [refName]: "1" } }));
  const other = ociImage([second], { annotations: { [refName]: "2" } });
  const blobs = [...images, other].flatMap((image) => image.blobs);
  const folder = layoutOf(
    [...images, other].map(({ descriptor }) => descriptor),
    blobs,
  );
  const source = await openLayout(`${folder}:1`);
  for (const [place, architecture] of ["amd64", "arm64"].entries()) {
    const image = await completeImage(source, { os: "linux", architecture }, defaultLimits);
    assert.equal(image.digest, images[place]?.descriptor["digest"]);
  }
});

test("a digest that is none never becomes a path", async () => {
  for (const digest of [
    "sha256:../../secret",
    "sha256:../../../../../../etc/passwd",
    "sha256:",
    "md5:00",
    7,
    null,
    `sha256:${"A".repeat(64)}`,
  ]) {
    await assertRefused(layoutOf([{ ...app.descriptor, digest }]), /is no digest/);
  }
  const source = await openLayout(layoutOf([app.descriptor]));
  const hostile = { mediaType: "", digest: "sha256:../../index.json", size: 1 };
  await assert.rejects(source.blob(hostile), { code: "unreadable", message: /no valid digest/ });
  await assert.rejects(source.manifest(hostile), { code: "unreadable", message: /no valid digest/ });
});

test("sizes that are wrong are refused before anything is read", async () => {
  for (const size of [1, 10 ** 12]) await assertRefused(layoutOf([{ ...app.descriptor, size }]), /its descriptor says/);
  for (const size of [-1, 1.5, "1", 2 ** 60, undefined])
    await assertRefused(layoutOf([{ ...app.descriptor, size }]), /is no size/);
  const source = await openLayout(layoutOf([app.descriptor]));
  await assert.rejects(source.blob({ ...layer, size: layer.size + 1 }), { code: "unreadable" });
});

test("a blob that is not there is an error that names it", async () => {
  const blobs = app.blobs.filter(({ path }) => !path.endsWith(sha256(second)));
  const source = await openLayout(layoutOf([app.descriptor], blobs));
  await assert.rejects(source.blob(layer), { code: "not-found", message: new RegExp(sha256(second)) });
  await assertRefused(layoutOf([app.descriptor], []), /not there/);
});

test("links out of blobs are refused, links inside are followed", async () => {
  const folder = layoutOf([app.descriptor]);
  const path = join(folder, "blobs/sha256", sha256(second));
  renameSync(path, join(folder, "blobs/elsewhere"));
  symlinkSync("../elsewhere", path);
  assert.equal((await (await openLayout(folder)).blob(layer)).size, second.length);
  const outside = fileOf(second);
  for (const target of [outside, "../../index.json"]) {
    rmSync(path);
    symlinkSync(target, path);
    await assert.rejects((await openLayout(folder)).blob(layer), { code: "unreadable", message: /leads out of the layout/ });
  }
  rmSync(path);
  symlinkSync(path, path);
  await assert.rejects((await openLayout(folder)).blob(layer), { code: "unreadable", message: /too many symbolic links/ });
});

test("a blobs folder or an index.json that is a link out of the layout is refused", async () => {
  const folder = layoutOf([app.descriptor]);
  const other = layoutOf([app.descriptor]);
  rmSync(join(folder, "blobs"), { recursive: true });
  symlinkSync(join(other, "blobs"), join(folder, "blobs"));
  await assertRefused(folder, /leads out of the layout/);
  rmSync(join(folder, "index.json"));
  symlinkSync(join(other, "index.json"), join(folder, "index.json"));
  await assertRefused(folder, /index.json: a link that leads out of the layout/);
});

test("what is no regular file is refused and never opened", async () => {
  const folder = layoutOf([app.descriptor]);
  const path = join(folder, "blobs/sha256", sha256(second));
  rmSync(path);
  mkdirSync(path);
  await assert.rejects((await openLayout(folder)).blob(layer), { code: "unreadable", message: /not a regular file/ });
  rmSync(join(folder, "index.json"));
  execFileSync("mkfifo", [join(folder, "index.json")]);
  await assertRefused(folder, /index.json: not a regular file/);
});

test("an index.json that is hostile is refused with a reason", async () => {
  const withIndex = (content: string): string =>
    folderOf([
      { path: "oci-layout", content: '{"imageLayoutVersion":"1.0.0"}' },
      { path: "index.json", content },
    ]);
  await assertRefused(withIndex("{"), /index.json: no valid JSON/);
  await assertRefused(withIndex("[]"), /no list of manifests/);
  await assertRefused(withIndex('{"manifests":{}}'), /no list of manifests/);
  await assertRefused(withIndex('{"manifests":[null]}'), /manifest 0: null is no digest/);
  await assertRefused(withIndex('{"manifests":[],"layers":[]}'), /layers or a config/);
  await assertRefused(withIndex('{"manifests":[]}'), /holds no image/);
  await assertRefused(withIndex(`{"manifests":${"[".repeat(100_000)}`), /nested deeper than 64/);
  await assertRefused(withIndex(" ".repeat(5 * 1024 * 1024)), /5242880 bytes, more than the limit of 4194304/);
  const many = JSON.stringify({ manifests: Array(1001).fill(app.descriptor) });
  await assertRefused(withIndex(many), /1001 manifests, more than the limit of 1000/);
});

test("annotations may be called __proto__ and change nothing", async () => {
  const index = JSON.stringify({ manifests: [app.descriptor] }).replace('"size"', '"annotations":{"__proto__":"x"},"size"');
  await openLayout(folderOf([{ path: "index.json", content: index }, ...app.blobs]));
  assert.equal(Object.getPrototypeOf({}), Object.prototype);
});

test("a layout of another version is refused", async () => {
  for (const version of ['{"imageLayoutVersion":"2.0.0"}', "{}", '"1.0.0"']) {
    const folder = layoutOf([app.descriptor]);
    writeFileSync(join(folder, "oci-layout"), version);
    await assertRefused(folder, /only 1.x is known/);
  }
});

test("what is no layout is refused and not recognised", async () => {
  const recognises = ociLayout.recognises ?? assert.fail("no recognises");
  const empty = folderOf([]);
  await assertRefused(empty, /no index.json in it: no OCI layout/);
  await assertRefused(join(empty, "nope:tag"), /no such folder/);
  await assertRefused(fileOf(first), /not a folder/);
  assert.equal(await recognises(empty), false);
  assert.equal(await recognises(fileOf(first)), false);
  assert.equal(await recognises(layoutOf([app.descriptor])), true);
});

test("a folder's name may hold colons", async () => {
  const folder = layoutOf([tagged("1")]);
  renameSync(folder, `${folder}:x`);
  assert.equal((await openLayout(`${folder}:x`)).root.digest, app.descriptor["digest"]);
  assert.equal((await openLayout(`${folder}:x:1`)).root.digest, app.descriptor["digest"]);
  rmSync(`${folder}:x`, { recursive: true });
});
