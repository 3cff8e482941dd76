import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { optimize, type OptimizeOptions } from "../../src/pipeline/optimize.ts";
import { folderOf, ociFrame } from "../support/archived-image.ts";
import { artifactOf, asDocker, attestationOf, imageFor, indexOf, type Stored } from "../support/indexed-images.ts";
import { tarOf } from "../support/layers.ts";
import { optimizeOptions } from "../support/optimizing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const big = Buffer.alloc(50_000, "x");
const shared = tarOf([{ path: "shared", content: Buffer.alloc(9000, "s") }]);
const wasteful = [shared, tarOf([{ path: "a", content: big }, { path: "b" }]), tarOf([{ path: ".wh.a" }, { path: "c" }])];
const clean = [shared, tarOf([{ path: "only-here" }])];

function layoutOf(root: Stored, without: readonly Stored[] = []): string {
  const missing = new Set(without.flatMap(({ descriptor }) => `blobs/${descriptor.digest.replace(":", "/")}`));
  return folderOf([...ociFrame([root.descriptor]), ...root.blobs.filter(({ path }) => !missing.has(path))]);
}

interface Index {
  readonly manifests: readonly { readonly digest: string; readonly size: number; readonly platform?: object }[];
}

function blobIn(layout: string, digest: string): string {
  return readFileSync(join(layout, "blobs", digest.replace(":", "/")), "utf8");
}

function indexIn(layout: string): { readonly digest: string; readonly text: string; readonly index: Index } {
  const { manifests } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as Index;
  const digest = manifests[0]?.digest ?? "";
  const text = blobIn(layout, digest);
  return { digest, text, index: JSON.parse(text) as Index };
}

const amd64 = imageFor("amd64", wasteful, { annotations: { "org.example.note": "first" }, "x-unknown": [1.0, "ä"] });
const arm64 = imageFor("arm64", clean);
const riscv = imageFor("riscv64", [tarOf([{ path: "r", content: big }]), tarOf([{ path: ".wh.r" }])]);
const nested = indexOf([riscv], { annotations: { inner: "kept" } });
const attested = [attestationOf(amd64, '{"of":"amd64"}'), attestationOf(arm64, '{"of":"arm64"}')];
const artifact = artifactOf("anything");
const everything = indexOf([amd64, ...attested, arm64, nested, artifact], { annotations: { outer: "kept" }, "x-more": { a: 1 } });

test("of an index every platform is rewritten, and the index with all else that it has", async () => {
  const out = join(temporaryFolder(), "out");
  const events: string[] = [];
  const onProgress: OptimizeOptions["onProgress"] = (event) => void (event.kind === "start" && events.push(event.label));
  const result = await optimize(`oci:${layoutOf(everything)}`, `oci:${out}`, optimizeOptions({ onProgress }));
  const { digest, text, index } = indexIn(out);
  assert.equal(result.result?.digest, digest);
  assert.equal(result.indexDigest, everything.descriptor.digest);
  const names = result.platforms?.map(({ platform: { os, architecture } }) => `${os}/${architecture}`);
  assert.deepEqual(names, ["linux/amd64", "linux/arm64", "linux/riscv64"]);
  const [first, second, third] = result.platforms ?? [];
  const inner = index.manifests[3]?.digest ?? "";
  const now = (stored: Stored, digest = ""): Stored["descriptor"] => ({
    ...stored.descriptor,
    size: blobIn(out, digest).length,
    digest,
  });
  const manifests = [amd64, attested[1], arm64, nested, artifact].map((stored) => stored?.descriptor);
  const expected = {
    ...JSON.parse(textOf(everything)),
    manifests: manifests.with(0, now(amd64, first?.resultDigest)).with(3, now(nested, inner)),
  };
  // Of JSON the order is compared as well.
  assert.equal(JSON.stringify(JSON.parse(text)), JSON.stringify(expected));
  assert.equal(second?.resultDigest, arm64.descriptor.digest);
  assert.notEqual(third?.resultDigest, riscv.descriptor.digest);
  assert.deepEqual(result.omissions, [
    { digest: attested[0]?.descriptor.digest, reason: "an attestation of the image for linux/amd64: that was changed" },
  ]);
  assert.equal(blobIn(out, String(attested[1]?.descriptor.digest)).includes("in-toto"), true);
  assert.equal(blobIn(out, artifact.descriptor.digest).includes("in-toto"), true);
  assert.deepEqual(
    result.changes.map(({ platform, layer, path }) => `${platform} ${layer}:${path}`),
    ["linux/amd64 1:a", "linux/amd64 2:a", "linux/riscv64 0:r", "linux/riscv64 1:r"],
  );
  assert.deepEqual(result.after, result.predicted);
  // Of seven layers two are one, which is read once; of four that were rewritten, and read again for validation, two are empty.
  assert.equal(events.filter((label) => label.startsWith("layer")).length, 6 + 3);
});

function textOf({ blobs }: Stored): string {
  return String(blobs.at(-1)?.content);
}

test("without a change all of it stays, and the digest", async () => {
  const index = indexOf([arm64, attested[1] ?? arm64, attestationOf(undefined, "{}"), indexOf([arm64]), artifact]);
  const out = join(temporaryFolder(), "out");
  const { result, omissions, changes } = await optimize(`oci:${layoutOf(index)}`, `oci:${out}`, optimizeOptions());
  assert.deepEqual([omissions, changes], [[], []]);
  assert.deepEqual([result?.digest, result?.isCopy], [index.descriptor.digest, true]);
  for (const { path, content } of index.blobs) assert.equal(readFileSync(join(out, path)).equals(Buffer.from(content)), true);
});

test("a second run finds nothing to do and gives the same index", async () => {
  const [first, second] = [join(temporaryFolder(), "first"), join(temporaryFolder(), "second")];
  const { result } = await optimize(`oci:${layoutOf(everything)}`, `oci:${first}`, optimizeOptions({ level: "verified" }));
  const again = await optimize(`oci:${first}`, `oci:${second}`, optimizeOptions({ level: "verified" }));
  assert.deepEqual([again.changes, again.omissions], [[], []]);
  assert.equal(again.result?.digest, result?.digest);
});

test("what the source has not got goes out of the index and is listed, and indexes that are empty then", async () => {
  const partial = layoutOf(everything, [riscv, artifact]);
  const out = join(temporaryFolder(), "out");
  const { omissions } = await optimize(`oci:${partial}`, `oci:${out}`, optimizeOptions());
  assert.deepEqual(
    omissions.map(({ digest, reason }) => [digest, reason.replace(/oci folder .*: blob/, "blob").slice(0, 70)]),
    [
      [attested[0]?.descriptor.digest, "an attestation of the image for linux/amd64: that was changed"],
      [riscv.descriptor.digest, `the image for linux/riscv64: blob "${riscv.descriptor.digest}`.slice(0, 70)],
      [artifact.descriptor.digest, `an image of no named platform: blob "${artifact.descriptor.digest}`.slice(0, 70)],
    ],
  );
  assert.equal(indexIn(out).index.manifests.length, 3);
  const none = layoutOf(indexOf([riscv]), [riscv]);
  await assert.rejects(optimize(`oci:${none}`, `oci:${join(temporaryFolder(), "x")}`, optimizeOptions()), { code: "not-found" });
});

test("an attestation that does not say of which image stays only where nothing was changed", async () => {
  const loose = attestationOf(undefined, "{}");
  const out = join(temporaryFolder(), "out");
  const { omissions } = await optimize(`oci:${layoutOf(indexOf([amd64, loose]))}`, `oci:${out}`, optimizeOptions());
  assert.deepEqual(omissions, [
    { digest: loose.descriptor.digest, reason: "an attestation: it does not say of which image, and some were changed" },
  ]);
});

test("images of other systems are copied as they are", async () => {
  const { blobs, descriptor } = arm64;
  const windows: Stored = { blobs, descriptor: { ...descriptor, platform: { os: "windows", architecture: "arm64" } } };
  const out = join(temporaryFolder(), "out");
  const { notes, platforms } = await optimize(`oci:${layoutOf(indexOf([amd64, windows]))}`, `oci:${out}`, optimizeOptions());
  assert.deepEqual(notes, ["the image for windows/arm64 is copied as it is: only Linux images are changed"]);
  assert.equal(platforms?.length, 1);
  assert.equal(indexIn(out).index.manifests[1]?.digest, descriptor.digest);
});

test("a list of Docker's becomes an index of OCI's when its manifests do", async () => {
  const list = "application/vnd.docker.distribution.manifest.list.v2+json";
  const index = indexOf([asDocker(amd64)], { mediaType: list });
  const out = join(temporaryFolder(), "out");
  const source = `oci:${layoutOf({ ...index, descriptor: { ...index.descriptor, mediaType: list } })}`;
  await optimize(source, `oci:${out}`, optimizeOptions());
  assert.equal((JSON.parse(indexIn(out).text) as { mediaType: string }).mediaType, list);
  const compression = { kind: "zstd", level: 3 } as const;
  await optimize(source, `oci:${out}`, optimizeOptions({ compression, force: true }));
  assert.deepEqual(
    [JSON.parse(indexIn(out).text), ...indexIn(out).index.manifests].map(({ mediaType }) => mediaType),
    ["application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"],
  );
});

test("one platform alone is written where one is named, and where the destination holds one; all are refused there", async () => {
  const source = `oci:${layoutOf(everything)}`;
  const named = join(temporaryFolder(), "named");
  const arm = await optimize(source, `oci:${named}`, optimizeOptions({ platform: { os: "linux", architecture: "arm64" } }));
  assert.equal(arm.platforms, undefined);
  assert.equal(arm.result?.digest, arm64.descriptor.digest);
  assert.match(arm.notes.join(), /^--platform all writes the other platforms too/);
  const archive = join(temporaryFolder(), "x.tar");
  const amd = await optimize(source, `docker-archive:${archive}`, optimizeOptions({ environment: {} }));
  assert.equal(amd.omissions.length, 5);
  await assert.rejects(optimize(source, `docker-archive:${archive}2`, optimizeOptions({ allPlatforms: true })), {
    code: "unsupported",
    exitCode: 2,
    message: `${archive}2: holds one platform, the image is for linux/amd64, linux/arm64, linux/riscv64`,
  });
  const only = `oci:${layoutOf(indexOf([arm64, attested[1] ?? arm64]))}`;
  const alone = await optimize(only, `docker-archive:${archive}3`, optimizeOptions({ allPlatforms: true }));
  assert.deepEqual(alone.image.platform, { os: "linux", architecture: "arm64" });
});

test("a plan of all platforms writes nothing and tells of each", async () => {
  const { result, after, platforms, omissions } = await optimize(
    `oci:${layoutOf(everything)}`,
    undefined,
    optimizeOptions({ allPlatforms: true }),
  );
  assert.deepEqual([result, after], [undefined, undefined]);
  assert.equal(platforms?.length, 3);
  assert.equal(omissions.length, 1);
});
