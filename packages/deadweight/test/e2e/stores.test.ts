import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { defaultLimits } from "../../src/archive/limits.ts";
import { completeImage } from "../../src/image/complete.ts";
import type { BlobBytes, Image } from "../../src/model/image.ts";
import { openImage } from "../../src/pipeline/open-image.ts";
import { folderOf, sha256 } from "../support/archived-image.ts";
import { openOptions } from "../support/open-options.ts";
import { run, without, withoutEngine } from "../support/tools.ts";

const platform = { os: "linux", architecture: "amd64" };

/** An image of several layers that the engine built without a network, and its name; it goes when the test ends. */
function buildImage(t: TestContext, name: string, dockerfile: string): string {
  const image = `deadweight-test/${name}:${process.pid}`;
  const folder = folderOf([
    { path: "Dockerfile", content: dockerfile },
    { path: "one", content: "one\n" },
    { path: "two", content: Buffer.alloc(300_000, "two") },
  ]);
  t.after(() => spawnSync("docker", ["rmi", "--force", image]));
  const environment = { ...process.env, DOCKER_BUILDKIT: "0" };
  const built = spawnSync("docker", ["build", "--quiet", "--network", "none", "--tag", image, folder], { env: environment });
  assert.equal(built.status, 0, built.stderr.toString());
  return image;
}

function inspect(image: string): { readonly Id: string; readonly RootFS: { readonly Layers: readonly string[] } } {
  const [inspected] = JSON.parse(run("docker", ["inspect", image]).toString());
  return inspected;
}

async function withImage<T>(reference: string, use: (image: Image) => T): Promise<T> {
  const { source } = await openImage(reference, openOptions({ environment: process.env }));
  try {
    return use(await completeImage(source, platform, defaultLimits));
  } finally {
    await source.close();
  }
}

/** The digests of the layers' uncompressed bytes, by tools of Node alone. */
function contentDigests(image: Image): readonly string[] {
  return image.layers.map(({ blob }) => `sha256:${sha256(expanded(bytesOf(blob)))}`);
}

function bytesOf(blob: BlobBytes): Buffer {
  assert.equal(blob.kind, "file");
  return readFileSync(blob.path).subarray(blob.offset, blob.offset + blob.size);
}

function expanded(bytes: Buffer): Uint8Array {
  if (bytes[0] === 0x1f) return gunzipSync(bytes);
  return bytes[0] === 0x28 ? zstdDecompressSync(bytes) : bytes;
}

const dockerfile = "FROM scratch\nCOPY one /etc/one\nCOPY two /two\nLABEL a=b\nCOPY one /one\n";

test("an image of the engine, saved, compressed and copied, is the same image everywhere", async (t) => {
  const missing = withoutEngine() || without("skopeo");
  if (missing) return t.skip(missing);
  const image = buildImage(t, "everywhere", dockerfile);
  const { Id, RootFS } = inspect(image);
  const at = (name: string): string => join(folder, name);
  const folder = folderOf([]);
  run("docker", ["save", "--output", at("saved.tar"), image]);
  run("gzip", ["--keep", at("saved.tar")]);
  const copies = ["oci:folder:app:1", "oci-archive:archive.tar:app:1", "docker-archive:skopeo.tar:app:1"];
  for (const copy of copies) run("skopeo", ["copy", "--quiet", `docker-daemon:${image}`, copy.replace(":", `:${folder}/`)]);
  const references = [
    `docker:${image}`,
    `docker-daemon:${Id}`,
    image,
    `docker-archive:${at("saved.tar")}`,
    `${at("saved.tar")}:${image}`,
    at("saved.tar.gz"),
    `oci:${at("folder")}`,
    `${at("folder")}:app:1`,
    at("archive.tar"),
    `docker-archive:${at("skopeo.tar")}:app:1`,
  ];
  for (const reference of references) {
    await withImage(reference, (found) => {
      assert.deepEqual(found.config.diffIds, RootFS.Layers, reference);
      assert.deepEqual(contentDigests(found), RootFS.Layers, reference);
      if (found.manifestBytes === undefined) assert.equal(found.digest, Id, reference);
      else
        assert.equal(
          found.layers.every(({ digest, blob }) => digest === `sha256:${sha256(bytesOf(blob))}`),
          true,
          reference,
        );
    });
  }
});

test("a zstd copy of an image has its layers", async (t) => {
  const missing = withoutEngine() || without("skopeo");
  if (missing) return t.skip(missing);
  const image = buildImage(t, "zstd", dockerfile);
  const folder = folderOf([]);
  run("skopeo", ["copy", "--quiet", "--dest-compress-format", "zstd", `docker-daemon:${image}`, `oci:${folder}/z`]);
  await withImage(`oci:${folder}/z`, (found) => assert.deepEqual(contentDigests(found), inspect(image).RootFS.Layers));
});

test("layers that docker save stored as links are followed, and one of several images is chosen", async (t) => {
  const missing = withoutEngine();
  if (missing) return t.skip(missing);
  // The same folder of a context gives the same layer, here on top of another one: docker save links the second to the first.
  const low = buildImage(t, "low", "FROM scratch\nCOPY one /one\n");
  const high = `deadweight-test/high:${process.pid}`;
  t.after(() => spawnSync("docker", ["rmi", "--force", high]));
  const context = folderOf([
    { path: "Dockerfile", content: `FROM ${low}\nCOPY a /x/\nCOPY a /x/\n` },
    { path: "a", content: "a" },
  ]);
  const built = spawnSync("docker", ["build", "--quiet", "--network", "none", "--tag", high, context], {
    env: { ...process.env, DOCKER_BUILDKIT: "0" },
  });
  assert.equal(built.status, 0, built.stderr.toString());
  const path = join(folderOf([]), "both.tar");
  run("docker", ["save", "--output", path, low, high]);
  await assert.rejects(openImage(path, openOptions()), { exitCode: 2, message: new RegExp(`"${low}"`) });
  for (const image of [low, high]) {
    await withImage(`${path}:${image}`, (found) => assert.deepEqual(contentDigests(found), inspect(image).RootFS.Layers));
  }
});

test("an image that docker import made, with a program in it", async (t) => {
  const missing = withoutEngine();
  if (missing) return t.skip(missing);
  if (!existsSync("/bin/busybox")) return t.skip("busybox: not on this machine");
  const root = folderOf([]);
  mkdirSync(join(root, "bin"));
  copyFileSync("/bin/busybox", join(root, "bin/busybox"));
  chmodSync(join(root, "bin/busybox"), 0o755);
  writeFileSync(join(root, "motd"), "hello");
  const image = `deadweight-test/imported:${process.pid}`;
  t.after(() => spawnSync("docker", ["rmi", "--force", image]));
  run("docker", ["import", "-", image], run("tar", ["-C", root, "-c", "."]));
  await withImage(`docker:${image}`, (found) => assert.deepEqual(contentDigests(found), inspect(image).RootFS.Layers));
});

test("an image that umoci made, with tags to choose from", async (t) => {
  const missing = without("umoci");
  if (missing) return t.skip(missing);
  const layout = join(folderOf([]), "layout");
  run("umoci", ["init", "--layout", layout]);
  for (const tag of ["a", "b"]) {
    run("umoci", ["new", "--image", `${layout}:${tag}`]);
    run("umoci", ["insert", "--image", `${layout}:${tag}`, import.meta.filename, `/${tag}`]);
  }
  await assert.rejects(openImage(`oci:${layout}`, openOptions()), { exitCode: 2, message: /several images: "a", "b"/ });
  await withImage(`${layout}:b`, (found) => {
    assert.equal(found.layers.length, 1);
    assert.deepEqual(contentDigests(found), found.config.diffIds);
  });
});

test("nothing is left in the temporary folder, also when the image is not there", async (t) => {
  const missing = withoutEngine();
  if (missing) return t.skip(missing);
  const options = openOptions({ environment: process.env });
  await assert.rejects(openImage("docker:deadweight-test/not-there", options), { code: "not-found" });
  assert.deepEqual(readdirSync(options.temporaryFolder), []);
});
