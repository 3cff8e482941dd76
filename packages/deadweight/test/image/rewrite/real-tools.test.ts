import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { OutgoingImage } from "../../../src/contracts/store.ts";
import type { EntryEdit } from "../../../src/contracts/transform.ts";
import type { RewrittenImage } from "../../../src/image/rewrite/rewrite-image.ts";
import { dockerArchive } from "../../../src/stores/docker-archive.ts";
import { ociLayout } from "../../../src/stores/oci-layout.ts";
import { tarOf, type TestEntry } from "../../support/layers.ts";
import { outgoingImage, outgoingOf, writeOptions } from "../../support/outgoing.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { run, without, withoutEngine } from "../../support/tools.ts";
import { treeByEngine, treeByUmoci, type UnpackedTree } from "../../support/unpacked-tree.ts";
import { entryAt, readImage, rewrite, type PathEdit } from "./sample-image.ts";

/** cap_net_raw, as the kernel stores it: version 2, permitted and effective. */
const capability = `\x01\0\0\x02\0\x20${"\0".repeat(14)}`;
const caps = { "security.capability": capability };

const low: readonly TestEntry[] = [
  { path: "a/", mode: 0o750, uid: 5, mtime: 1_600_000_000 },
  { path: "a/ping", content: "ping", mode: 0o755, xattrs: caps },
  { path: "a/ping4", type: "hardlink", link: "a/ping", mode: 0o755, xattrs: caps },
  { path: "a/gone", content: "gone" },
  { path: "a/copy1", content: "copy".repeat(2000), mtime: 1_650_000_000 },
  { path: "a/copy2", content: "copy".repeat(2000), mtime: 1_650_000_000 },
  { path: "a/chowned", content: "mine" },
  { path: `a/${"long".repeat(40)}`, content: "long" },
  { path: "a/sh", type: "symlink", link: "ping" },
  { path: "z/", mode: 0o711, mtime: 1_600_000_001 },
  { path: "z/ping6", type: "hardlink", link: "a/ping", mode: 0o755, xattrs: caps },
];

const high: readonly TestEntry[] = [
  { path: "a/", mode: 0o750, uid: 5, mtime: 1_600_000_002 },
  { path: "a/chowned", content: "mine", uid: 33, mode: 0o600, mtime: 1_660_000_000 },
  { path: "a/.wh.sh", type: "whiteout" },
  { path: "z/", mode: 0o711, mtime: 1_600_000_003 },
  { path: "z/status", content: "old" },
];

const remove: EntryEdit = { action: "remove" };
const made = outgoingImage([
  { archive: tarOf(low), compression: "gzip" },
  { archive: tarOf(high), compression: "zstd" },
]);

async function edited(): Promise<RewrittenImage> {
  const read = await readImage(made);
  const edits: readonly PathEdit[] = [
    [0, "a/ping", remove],
    [0, "a/ping4", remove],
    [0, "a/gone", remove],
    [0, "a/copy1", { action: "link", to: entryAt(read.layers, 0, "a/copy2") }],
    [0, "a/chowned", { action: "take-attributes", of: entryAt(read.layers, 1, "a/chowned") }],
    [0, "a/sh", remove],
    [1, "a/chowned", remove],
    [1, "a/sh", remove],
    [1, "z/status", { action: "rewrite", content: Buffer.from("new status") }],
  ];
  return rewrite(read, edits);
}

/** The tree before with the edits made by hand. */
function checkTrees(before: UnpackedTree, after: UnpackedTree): void {
  const paths = Object.keys(before).filter((path) => !["a/ping", "a/ping4", "a/gone", "a/sh"].includes(path));
  assert.deepEqual(Object.keys(after).sort(), paths.sort());
  const same = paths.filter((path) => path !== "z/status");
  assert.deepEqual(
    same.map((path) => `${path} ${after[path]?.text}`),
    same.map((path) => `${path} ${before[path]?.text}`),
  );
  assert.match(after["z/ping6"]?.text ?? "", /"security.capability": "010000020020/);
  assert.notEqual(before["a/copy1"]?.file, before["a/copy2"]?.file);
  assert.equal(after["a/copy1"]?.file, after["a/copy2"]?.file);
  assert.notEqual(after["z/status"]?.text, before["z/status"]?.text);
}

async function loaded(t: TestContext, image: OutgoingImage, name: string): Promise<UnpackedTree> {
  const tag = `deadweight-test/${name}:${process.pid}`;
  const file = join(temporaryFolder(), "image.tar");
  assert.ok(dockerArchive.write);
  await dockerArchive.write(`${file}:${tag}`, outgoingOf(image), writeOptions());
  t.after(() => spawnSync("docker", ["rmi", "--force", tag]));
  run("docker", ["load", "--input", file]);
  return treeByEngine(tag);
}

async function unpacked(image: OutgoingImage): Promise<UnpackedTree> {
  const folder = join(temporaryFolder(), "layout");
  assert.ok(ociLayout.write);
  await ociLayout.write(`${folder}:t`, outgoingOf(image), writeOptions());
  return treeByUmoci(`${folder}:t`);
}

test("the Docker engine sees the edits and nothing else", async (t) => {
  const missing = withoutEngine();
  if (missing !== false) return t.skip(missing);
  checkTrees(await loaded(t, made, "before"), await loaded(t, await edited(), "after"));
  return undefined;
});

test("umoci sees the edits and nothing else", async (t) => {
  const missing = without("umoci");
  if (missing !== false) return t.skip(missing);
  // This umoci reads no zstd.
  const before = await rewrite(await readImage(made), [], { compression: { kind: "gzip", level: 6 } });
  const after = await rewrite(await readImage(await edited()), [], { compression: { kind: "gzip", level: 6 } });
  checkTrees(await unpacked(before), await unpacked(after));
  return undefined;
});

test("skopeo copies a rewritten image, whatever it is compressed with", async (t) => {
  const missing = without("skopeo");
  if (missing !== false) return t.skip(missing);
  for (const kind of ["gzip", "zstd", "none"] as const) {
    const image = await rewrite(await readImage(made), [[0, "a/gone", remove]], { compression: { kind, level: 3 } });
    const folder = join(temporaryFolder(), "layout");
    assert.ok(ociLayout.write);
    await ociLayout.write(`${folder}:t`, outgoingOf(image), writeOptions());
    run("skopeo", ["copy", "--dest-compress-format", "gzip", `oci:${folder}:t`, `dir:${join(temporaryFolder(), "copy")}`]);
    const [{ Layers: layers }] = [JSON.parse(run("skopeo", ["inspect", `oci:${folder}:t`]).toString()) as { Layers: string[] }];
    assert.deepEqual(
      layers,
      image.layers.map(({ descriptor }) => descriptor.digest),
    );
  }
  return undefined;
});
