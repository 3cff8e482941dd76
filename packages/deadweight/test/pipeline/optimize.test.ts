import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { rewriteImage } from "../../src/image/rewrite/rewrite-image.ts";
import { optimize } from "../../src/pipeline/optimize.ts";
import { folderOf, ociFrame, ociImage, sha256 } from "../support/archived-image.ts";
import { generatedLayers } from "../support/generated-image.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { type TestLayer } from "../support/outgoing.ts";
import { amd64Options, layoutOf } from "../support/optimizing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const big = Buffer.alloc(50_000, "x");
const wasteful: readonly (readonly TestEntry[])[] = [
  [{ path: "a", content: big }, { path: "b" }],
  [{ path: ".wh.a" }, { path: "c" }],
];

function plain(layers: readonly (readonly TestEntry[])[]): readonly TestLayer[] {
  return layers.map((entries) => ({ archive: tarOf(entries) }));
}

test("of any image the result is as planned, a second run has nothing to do, and the same run gives the same digest", async () => {
  await fc.assert(
    fc.asyncProperty(generatedLayers, async (layers) => {
      const source = await layoutOf(layers.map(({ entries, compression }) => ({ archive: tarOf(entries), compression })));
      const options = amd64Options({ level: "verified" });
      const folder = temporaryFolder();
      // Validation throws when what a container sees is not as planned.
      const first = await optimize(source, `oci:${join(folder, "first")}`, options);
      const same = await optimize(source, `oci:${join(folder, "same")}`, options);
      assert.equal(first.result?.digest, same.result?.digest);
      assert.equal(first.after?.tarBytes, first.predicted.tarBytes);
      const second = await optimize(first.result?.reference ?? "", `oci:${join(folder, "second")}`, options);
      assert.deepEqual(second.changes, []);
      assert.equal(second.result?.digest, first.result?.digest);
    }),
    { numRuns: Number(process.env["DEADWEIGHT_RUNS"] ?? 12) },
  );
});

test("equal files of which some are given another owner become one in the first run", async () => {
  const content = Buffer.alloc(5000, "same");
  const layers = plain([
    [
      { path: "a", content, uid: 7 },
      { path: "b", content },
      { path: "c", content, uid: 7 },
    ],
    [{ path: "b", content, uid: 7 }],
  ]);
  const options = amd64Options({ level: "verified" });
  const first = await optimize(await layoutOf(layers), `oci:${join(temporaryFolder(), "out")}`, options);
  assert.equal(first.before.tarBytes - (first.after?.tarBytes ?? 0), 3 * 5120 + 512);
  const second = await optimize(first.result?.reference ?? "", `oci:${join(temporaryFolder(), "again")}`, options);
  assert.deepEqual(second.changes, []);
});

test("an image without anything to change is copied to the byte", async () => {
  const source = await layoutOf(plain([[{ path: "a" }], [{ path: "b" }]]));
  const { image, result, changes } = await optimize(source, `oci:${join(temporaryFolder(), "out")}`, amd64Options());
  assert.deepEqual(changes, []);
  assert.equal(result?.digest, image.digest);
  assert.equal(result?.isCopy, true);
});

test("labels say what made the image", async () => {
  const place = `oci:${join(temporaryFolder(), "out")}`;
  const { image } = await optimize(await layoutOf(plain(wasteful)), place, amd64Options());
  const labels: Record<string, string>[] = [];
  const spy: typeof rewriteImage = (read, ...rest) => {
    labels.push({ ...read.config.labels });
    return rewriteImage(read, ...rest);
  };
  await optimize(place, `oci:${join(temporaryFolder(), "copy")}`, amd64Options(), spy);
  assert.deepEqual(labels, [
    { "dev.deadweight.level": "lossless", "dev.deadweight.source-digest": image.digest, "dev.deadweight.version": "0.1.0" },
  ]);
});

test("a rewritten image that is not as planned is a bug, and nothing is written", async () => {
  const source = await layoutOf(plain(wasteful));
  const folder = temporaryFolder();
  /** Removes the first entry that was to stay. */
  const careless: typeof rewriteImage = (image, layers, edits, options) =>
    rewriteImage(image, layers, new Map([...edits, [1, { action: "remove" }]]), options);
  await assert.rejects(optimize(source, `oci:${join(folder, "out")}`, amd64Options(), careless), {
    name: "Error",
    message:
      "the result breaks 1 invariants, nothing was written: b: its path is not what it must be (expected file, is nothing)",
  });
  assert.deepEqual(readdirSync(folder), []);
  const { result } = await optimize(source, `oci:${join(folder, "out")}`, amd64Options({ validate: false }), careless);
  assert.equal(result?.isValidated, false);
});

test("a layer that is only compressed otherwise is compared as it is written, and damage after that is told: nothing is written", async () => {
  const folder = temporaryFolder();
  const source = await layoutOf(plain([[{ path: "a", content: big }], [{ path: "b", content: big }]]));
  const options = amd64Options({ compression: { kind: "zstd", level: 3 } });
  const compared: boolean[] = [];
  const looking: typeof rewriteImage = async (...given) => {
    const rewritten = await rewriteImage(...given);
    compared.push(...rewritten.layers.map((layer) => rewritten.checked.some(({ digest }) => digest === layer.descriptor.digest)));
    return rewritten;
  };
  const { result } = await optimize(source, `oci:${join(folder, "whole")}`, options, looking);
  assert.equal(result?.isValidated, true);
  assert.deepEqual(compared, [true, true]);
  const damages: readonly ((blob: Buffer) => Buffer)[] = [
    (blob) => Buffer.concat([blob.subarray(0, -1), Buffer.of(255 - (blob.at(-1) ?? 0))]),
    (blob) => blob.subarray(0, -20),
    () => zstdCompressSync(tarOf([{ path: "a", content: Buffer.alloc(50_000, "y") }])),
  ];
  for (const damage of damages) {
    const damaging: typeof rewriteImage = async (...given) => {
      const rewritten = await rewriteImage(...given);
      const [{ bytes } = assert.fail()] = rewritten.layers;
      if (bytes.kind === "file") writeFileSync(bytes.path, damage(readFileSync(bytes.path)));
      return rewritten;
    };
    const failing = optimize(source, `oci:${join(folder, "out")}`, options, damaging);
    await assert.rejects(failing, { code: "digest-mismatch", message: /^blob sha256:/ });
  }
  assert.deepEqual(readdirSync(folder), ["whole"]);
});

test("a layer whose cuts are made is not among those that were compared", async () => {
  const source = await layoutOf(plain(wasteful));
  const rewritten: (readonly unknown[])[] = [];
  const looking: typeof rewriteImage = async (...given) => {
    const made = await rewriteImage(...given);
    rewritten.push(made.changed, made.checked);
    return made;
  };
  await optimize(source, `oci:${join(temporaryFolder(), "out")}`, amd64Options({}), looking);
  assert.deepEqual(rewritten, [[0, 1], []]);
});

test("who stops it leaves nothing behind", async () => {
  const source = await layoutOf(plain(wasteful));
  const [folder, temporary] = [temporaryFolder(), temporaryFolder()];
  const stop = new AbortController();
  const stopping: typeof rewriteImage = (...args) => {
    stop.abort(new Error("stopped"));
    return rewriteImage(...args);
  };
  await assert.rejects(
    optimize(source, `oci:${join(folder, "out")}`, amd64Options({ signal: stop.signal, temporaryFolder: temporary }), stopping),
  );
  assert.equal(existsSync(join(folder, "out")), false);
  assert.deepEqual([...readdirSync(folder), ...readdirSync(temporary)], []);
});

test("of an index one platform is written, and what is left out is listed", async () => {
  const [amd64, arm64] = ["amd64", "arm64"].map((architecture) => ociImage(wasteful.map(tarOf), { architecture }));
  assert.ok(amd64 !== undefined && arm64 !== undefined);
  const attestation = {
    ...ociImage([tarOf([{ path: "sbom" }])]).descriptor,
    platform: { os: "unknown", architecture: "unknown" },
    annotations: { "vnd.docker.reference.type": "attestation-manifest" },
  };
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [amd64.descriptor, arm64.descriptor, attestation],
  });
  const digest = sha256(index);
  const descriptor = { mediaType: "application/vnd.oci.image.index.v1+json", digest: `sha256:${digest}`, size: index.length };
  const layout = folderOf([
    ...ociFrame([descriptor]),
    ...amd64.blobs,
    ...arm64.blobs,
    { path: `blobs/sha256/${digest}`, content: index },
  ]);
  const { omissions, result } = await optimize(`oci:${layout}`, `oci:${join(temporaryFolder(), "out")}`, amd64Options());
  assert.deepEqual(
    omissions.map(({ reason }) => reason),
    ["the image for linux/arm64: one platform is written", "an attestation: it is of an image that was changed"],
  );
  assert.equal(result?.isValidated, true);
});

test("where nothing can be written is told before anything is read", async () => {
  const wrong = (destination: string): Promise<unknown> => optimize("oci:/nonexistent", destination, amd64Options());
  await assert.rejects(wrong("out.tar"), {
    code: "bad-reference",
    exitCode: 2,
    message: 'destination "out.tar": says not as what to write it',
  });
  await assert.rejects(wrong("./out"), { code: "bad-reference", exitCode: 2 });
  await assert.rejects(wrong(`oci-archive:${join(await filled(), "x")}`), { code: "exists", exitCode: 2 });
});

async function filled(): Promise<string> {
  return folderOf([{ path: "x", content: "something" }]);
}
