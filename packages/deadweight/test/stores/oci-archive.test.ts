import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { defaultLimits } from "../../src/archive/limits.ts";
import { completeImage } from "../../src/image/complete.ts";
import { UserError } from "../../src/lib/user-error.ts";
import { ociArchive } from "../../src/stores/oci-archive.ts";
import { fileOf, ociFrame, ociImage, sha256 } from "../support/archived-image.ts";
import { type TestEntry, tarOf } from "../support/layers.ts";
import { openOptions } from "../support/open-options.ts";

const platform = { os: "linux", architecture: "amd64" };
const first = tarOf([{ path: "etc/one", content: "one" }]);
const second = tarOf([{ path: "etc/two", content: "two" }]);
const app = ociImage([first, second], { annotations: { "org.opencontainers.image.ref.name": "app:1" } });
const archive: readonly TestEntry[] = [...ociFrame([app.descriptor]), ...app.blobs];

test("an archive, plain or compressed, gives the image with its blobs as parts of the file", async () => {
  for (const path of [fileOf(archive), fileOf(gzipSync(tarOf(archive)))]) {
    for (const name of [path, `${path}:app:1`]) {
      const source = await ociArchive.open(name, openOptions());
      const image = await completeImage(source, platform, defaultLimits);
      assert.equal(image.digest, app.descriptor["digest"]);
      assert.deepEqual(
        image.layers.map(({ digest, blob }) => {
          assert.equal(blob.kind, "file");
          return [digest, sha256(readFileSync(blob.path).subarray(blob.offset, blob.offset + blob.size))];
        }),
        [first, second].map((layer) => [`sha256:${sha256(layer)}`, sha256(layer)]),
      );
      await source.close();
    }
  }
});

test("a blob that is in the archive twice is the one with the digest", async () => {
  const path = `blobs/sha256/${sha256(first)}`;
  const wrong = { path, content: Buffer.alloc(first.length) };
  for (const entries of [
    [...archive, wrong],
    [wrong, ...archive],
  ]) {
    const source = await ociArchive.open(fileOf(entries), openOptions());
    assert.equal(source.kind, "manifest");
    const blob = await source.blob({ mediaType: "", digest: `sha256:${sha256(first)}`, size: first.length });
    assert.equal(blob.kind, "file");
    assert.equal(sha256(readFileSync(blob.path).subarray(blob.offset, blob.offset + blob.size)), sha256(first));
  }
});

test("a manifest with other bytes than its digest says is refused", async () => {
  const entries = archive.map((entry) => {
    const isManifest = String(app.descriptor["digest"]).endsWith(entry.path.slice("blobs/sha256/".length) || "-");
    return isManifest ? { ...entry, content: String(entry.content).replace('"schemaVersion":2', '"schemaVersion":3') } : entry;
  });
  const source = await ociArchive.open(fileOf(entries), openOptions());
  await assert.rejects(completeImage(source, platform, defaultLimits), { code: "digest-mismatch" });
});

test("index.json as a link out, a loop or a folder is refused", async () => {
  const others = archive.filter(({ path }) => path !== "index.json");
  const hostile: readonly (readonly [TestEntry, RegExp])[] = [
    [{ path: "index.json", type: "symlink", link: "/etc/passwd" }, /leads out of the archive/],
    [{ path: "index.json", type: "symlink", link: "index.json" }, /a link to a link/],
    [{ path: "index.json/", type: "directory" }, /is a folder/],
  ];
  for (const [entry, message] of hostile) {
    await assert.rejects(
      ociArchive.open(fileOf([...others, entry]), openOptions()),
      (error) => error instanceof UserError && error.exitCode === 3 && message.test(error.message),
    );
  }
});

test("an archive is recognised by oci-layout and index.json", async () => {
  const recognises = ociArchive.recognises ?? assert.fail("no recognises");
  assert.equal(await recognises(fileOf(archive)), true);
  assert.equal(await recognises(fileOf(archive.slice(1))), false);
  assert.equal(await recognises(fileOf([{ path: "manifest.json", content: "[]" }])), false);
});
