import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { defaultLimits } from "../../src/archive/limits.ts";
import { completeImage } from "../../src/image/complete.ts";
import { UserError } from "../../src/lib/user-error.ts";
import { dockerArchive } from "../../src/stores/docker-archive.ts";
import { ociLayout } from "../../src/stores/oci-layout.ts";
import { configOf, folderOf, ociImage, sha256 } from "../support/archived-image.ts";
import { tarOf } from "../support/layers.ts";
import { openOptions } from "../support/open-options.ts";

const platform = { os: "linux", architecture: "amd64" };
const layer = tarOf([{ path: "etc/one", content: "one" }]);
const config = configOf([layer]);
const configName = `${sha256(config)}.json`;
const manifest = JSON.stringify([{ Config: configName, RepoTags: ["app:1"], Layers: ["a/layer.tar"] }]);
const archive = tarOf([
  { path: "a/", type: "directory" },
  { path: "l.tar", content: layer },
  { path: "a/layer.tar", type: "symlink", link: "../l.tar" },
  { path: configName, content: config },
  { path: "manifest.json", content: manifest },
]);
const app = ociImage([layer]);
const path = join(folderOf([]), "image.tar");
const options = openOptions();

/** Opens it and all that it leads to: fine, or a UserError. Anything else is a bug. */
async function assertContained(open: () => ReturnType<typeof ociLayout.open>): Promise<void> {
  try {
    const source = await open();
    await completeImage(source, platform, defaultLimits);
    await source.close();
  } catch (error) {
    assert.ok(error instanceof UserError, String(error instanceof Error ? error.stack : error));
  }
}

test("an archive with bytes changed, cut out or repeated is an image or a UserError", async () => {
  const place = fc.nat(archive.length - 1);
  const edit = fc.oneof(
    fc.record({ kind: fc.constant("set" as const), at: place, byte: fc.nat(255) }),
    fc.record({ kind: fc.constant("cut" as const), at: place, length: fc.nat(2000) }),
    fc.record({ kind: fc.constant("repeat" as const), at: place, length: fc.nat(2000) }),
  );
  const property = fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
    let bytes = Buffer.from(archive);
    for (const change of edits) {
      const { at } = change;
      if (change.kind === "set") bytes[at] = change.byte;
      else if (change.kind === "cut") bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + change.length)]);
      else bytes = Buffer.concat([bytes.subarray(0, at + change.length), bytes.subarray(at)]);
    }
    writeFileSync(path, bytes);
    await assertContained(() => dockerArchive.open(path, options));
  });
  await fc.assert(property, { seed: 1, numRuns: 800 });
});

test("a manifest.json of any JSON is an image or a UserError", async () => {
  const text = fc.oneof(fc.constantFrom(configName, "a/layer.tar", "../x", "/etc/passwd", "", "__proto__"), fc.string());
  const image = fc.record(
    {
      Config: fc.oneof(text, fc.jsonValue()),
      RepoTags: fc.oneof(fc.array(text), fc.jsonValue()),
      Layers: fc.oneof(fc.array(text), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  const property = fc.asyncProperty(
    fc.oneof(fc.array(image, { maxLength: 3 }), fc.jsonValue()),
    fc.option(text, { nil: undefined }),
    async (json, name) => {
      writeFileSync(
        path,
        tarOf([
          { path: "manifest.json", content: JSON.stringify(json) },
          { path: configName, content: config },
          { path: "a/layer.tar", content: layer },
        ]),
      );
      await assertContained(() => dockerArchive.open(name === undefined ? path : `${path}:${name}`, options));
    },
  );
  await fc.assert(property, { seed: 2, numRuns: 400 });
});

test("an index.json of any JSON is an image or a UserError, and Object.prototype stays as it is", async () => {
  const before = Object.getOwnPropertyNames(Object.prototype);
  const digest = fc.oneof(
    fc.constantFrom(app.descriptor["digest"], "sha256:../../../etc/passwd", `sha512:${"0".repeat(128)}`),
    fc.jsonValue(),
  );
  const size = fc.oneof(fc.constantFrom(app.descriptor["size"], -1, 0, 2 ** 53, 1e300), fc.jsonValue());
  const entries = fc.record(
    { digest, size, mediaType: fc.jsonValue(), annotations: fc.jsonValue(), platform: fc.jsonValue() },
    { requiredKeys: [] },
  );
  const index = fc.oneof(fc.record({ manifests: fc.oneof(fc.array(entries, { maxLength: 3 }), fc.jsonValue()) }), fc.jsonValue());
  const folder = folderOf(app.blobs);
  const property = fc.asyncProperty(index, async (json) => {
    writeFileSync(join(folder, "index.json"), JSON.stringify(json));
    await assertContained(() => ociLayout.open(folder, options));
  });
  await fc.assert(property, { seed: 3, numRuns: 400 });
  assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
});
