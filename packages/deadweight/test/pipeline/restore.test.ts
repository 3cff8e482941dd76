import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { fileTree, type FileTree } from "../../src/facts/file-tree.ts";
import type { Restoration } from "../../src/model/restoration.ts";
import { optimize, type OptimizeOptions } from "../../src/pipeline/optimize.ts";
import { restore, type RestoreOptions } from "../../src/pipeline/restore.ts";
import { withFacts } from "../../src/pipeline/with-facts.ts";
import { ociArchive } from "../../src/stores/oci-archive.ts";
import { ociLayout } from "../../src/stores/oci-layout.ts";
import { generatedLayers } from "../support/generated-image.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { outgoingImage, outgoingOf, writeOptions, type TestLayer } from "../support/outgoing.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const temporary = temporaryFolder();
const imageOptions = {
  platform: { os: "linux", architecture: "amd64" },
  environment: {},
  signal: new AbortController().signal,
  insecure: [],
  cache: false,
  temporaryFolder: temporary,
} as const;
const optimizing: OptimizeOptions = {
  ...imageOptions,
  level: "verified",
  keep: [],
  rewriteBase: false,
  compression: "keep",
  validate: true,
  force: false,
};

async function layoutOf(
  layers: readonly (readonly TestEntry[])[],
  compression: TestLayer["compression"] = "none",
): Promise<string> {
  const stored = layers.map((entries) => ({ archive: tarOf(entries), compression }));
  const reference = await ociLayout.write?.(join(temporaryFolder(), "image"), outgoingOf(outgoingImage(stored)), writeOptions());
  return reference ?? assert.fail();
}

async function restored(
  into: string,
  from: string,
  paths: readonly string[],
  changes: Partial<RestoreOptions> = {},
): Promise<Restoration> {
  return restore(into, { ...imageOptions, from, paths, force: false, ...changes });
}

/** What a container sees: path, type, mode, owner, time, attributes and the first name of the same file. */
async function seenIn(reference: string): Promise<readonly string[]> {
  return withFacts(reference, imageOptions, ({ facts }) => {
    const tree = facts.get(fileTree);
    return [...tree.all()].map((entry) => line(tree, entry)).sort();
  });
}

function line(tree: FileTree, entry: number): string {
  const content = tree.contentOf(entry);
  const attributes = [
    tree.type(content),
    tree.mode(content).toString(8),
    tree.owner(content),
    tree.mtime(content),
    tree.size(content),
  ];
  return [tree.path(entry), ...attributes, JSON.stringify([...tree.xattrs(content)]), tree.path(content)].join(" ");
}

const folder: TestEntry = { path: "opt/", mode: 0o750, uid: 3, mtime: 1_600_000_000 };
const data: TestEntry = {
  path: "opt/data",
  content: "data",
  mode: 0o640,
  uid: 5,
  gid: 6,
  mtime: 1_600_000_001,
  xattrs: { "user.a": "b" },
};
const second: TestEntry = {
  path: "opt/second",
  type: "hardlink",
  link: "opt/data",
  mode: 0o640,
  uid: 5,
  gid: 6,
  mtime: 1_600_000_001,
  xattrs: { "user.a": "b" },
};
const tool: TestEntry = { path: "opt/tool", content: "tool" };

test("a file comes back as it was, with the folders above it", async () => {
  const from = await layoutOf([[folder, data, second, tool]], "gzip");
  const into = await layoutOf([[folder, tool]], "gzip");
  const result = await restored(into, from, ["/opt/data", "opt/second"]);
  assert.equal(result.reference, into);
  assert.deepEqual(result.restored, ["opt/data", "opt/second"]);
  assert.deepEqual(result.notes, []);
  assert.deepEqual(await seenIn(into), await seenIn(from));
  await withFacts(into, imageOptions, ({ facts }) => {
    assert.equal(facts.image.layers.length, 2);
    assert.match(facts.image.config.history.at(-1)?.createdBy ?? "", /^deadweight restore # 2 paths of sha256:/);
    const top = facts.layers[1] ?? assert.fail();
    const paths = Array.from(top.path, (node) => top.paths.path(node));
    assert.deepEqual(paths, ["opt", "opt/data", "opt/second"]);
    assert.equal(top.compression, "gzip");
  });
});

test("a folder comes back with all below it that is not there, and its own attributes", async () => {
  const from = await layoutOf([
    [folder, data],
    [tool, { path: "opt/deep/" }, { path: "opt/deep/file", content: "x" }],
  ]);
  const into = await layoutOf([[{ ...folder, mode: 0o700 }, tool]]);
  const result = await restored(into, from, ["opt"]);
  assert.deepEqual(result.restored, ["opt", "opt/data", "opt/deep", "opt/deep/file"]);
  assert.equal(result.unchanged, 1);
  assert.deepEqual(await seenIn(into), await seenIn(from));
});

test("folders above what comes back have the attributes that they have in the image", async () => {
  const from = await layoutOf([[folder, data]]);
  const into = await layoutOf([[{ ...folder, mode: 0o700 }]]);
  await restored(into, from, ["opt/data"]);
  assert.match((await seenIn(into)).join("\n"), /^opt directory 700 3:0/m);
});

test("a name of a file is a file of its own when the other name is not asked for", async () => {
  const from = await layoutOf([[folder, data, second]]);
  const into = await layoutOf([[folder, data]]);
  const { notes } = await restored(into, from, ["opt/second"]);
  assert.match(notes.join(), /^"opt\/data" was one file with what is brought back/);
  assert.match((await seenIn(into)).join("\n"), /^opt\/second file 640 5:6 1600000001 4 \[\["user.a","b"\]\] opt\/second$/m);
});

test("equal paths are left alone, and when all are nothing is written", async () => {
  const from = await layoutOf([[folder, data, tool]]);
  const into = await layoutOf([[folder, tool]]);
  const { digest, restored: none, unchanged } = await restored(into, from, ["opt/tool"]);
  assert.deepEqual(none, []);
  assert.equal(unchanged, 1);
  const output = join(temporaryFolder(), "out");
  const again = await restored(into, from, ["opt/tool"], { output: `oci:${output}` });
  assert.equal(again.digest, digest);
  assert.deepEqual(again.notes, [`nothing was written to oci:${output}`]);
  assert.equal(existsSync(output), false);
});

test("with an output the image stays as it is, and what is there is not replaced without force", async () => {
  const from = await layoutOf([[folder, data, tool]]);
  const into = await layoutOf([[folder, tool]]);
  const before = await seenIn(into);
  const output = `oci:${join(temporaryFolder(), "out")}`;
  assert.equal((await restored(into, from, ["opt/data"], { output })).reference, output);
  assert.deepEqual(await seenIn(into), before);
  assert.deepEqual(await seenIn(output), await seenIn(from));
  await assert.rejects(restored(into, from, ["opt/data"], { output }), { code: "exists", exitCode: 2 });
  await restored(into, from, ["opt/data"], { output, force: true });
});

test("a path that is not there is told, with the nearest name or where a link leads", async () => {
  const link: TestEntry = { path: "bin", type: "symlink", link: "opt" };
  const from = await layoutOf([[folder, data, tool, link]]);
  const into = await layoutOf([[folder]]);
  const hintOf = async (path: string): Promise<string | undefined> => {
    const error: unknown = await restored(into, from, [path]).catch((reason: unknown) => reason);
    assert.ok(error instanceof Error && "hint" in error && "exitCode" in error);
    assert.equal(error.exitCode, 2);
    assert.match(error.message, /has none of that name$/);
    return error.hint as string | undefined;
  };
  assert.equal(await hintOf("opt/tol"), 'did you mean "opt/tool"?');
  assert.equal(await hintOf("otp/tool"), 'did you mean "opt"?');
  assert.equal(await hintOf("bin/tool"), 'it is reached through a symbolic link: write "opt/tool"');
  assert.equal(await hintOf("opt/something/else"), 'the folder "opt" is there');
});

test("what would hide other files is refused", async () => {
  const from = await layoutOf([[folder, data, { path: "etc", content: "a file" }]]);
  const link = await layoutOf([[{ path: "opt", type: "symlink", link: "srv" }]]);
  await assert.rejects(restored(link, from, ["opt/data"]), /lies below "opt", which is no folder there/);
  const full = await layoutOf([[{ path: "etc/" }, { path: "etc/passwd" }]]);
  await assert.rejects(restored(full, from, ["etc"]), /would hide a folder with files in it/);
});

test("an image that is not alone in its place is not replaced", async () => {
  const from = await layoutOf([[folder, data]]);
  const place = join(temporaryFolder(), "two");
  const images = ["amd64", "arm64"].map((architecture) => outgoingImage([{ archive: tarOf([folder]) }], { architecture }));
  const into = (await ociLayout.write?.(place, outgoingOf(...images), writeOptions())) ?? assert.fail();
  await assert.rejects(restored(into, from, ["opt/data"]), { code: "exists", exitCode: 2 });
  const output = `oci:${join(temporaryFolder(), "out")}`;
  assert.deepEqual((await restored(into, from, ["opt/data"], { output })).restored, ["opt/data"]);
});

test("an image keeps the name that it has in its folder, and an archive is not replaced", async () => {
  const from = await layoutOf([[folder, data]]);
  const place = join(temporaryFolder(), "named");
  const image = outgoingOf(outgoingImage([{ archive: tarOf([folder]) }]));
  await ociLayout.write?.(`${place}:app:1`, image, writeOptions());
  assert.equal((await restored(`oci:${place}`, from, ["opt/data"])).reference, `oci:${place}:app:1`);
  const archive = (await ociArchive.write?.(join(temporaryFolder(), "small.tar"), image, writeOptions())) ?? assert.fail();
  await assert.rejects(restored(archive, from, ["opt/data"]), { code: "exists", exitCode: 2 });
});

test("all that optimize takes from any image comes back", async () => {
  await fc.assert(
    fc.asyncProperty(generatedLayers, async (layers) => {
      const stored = layers.map(({ entries, compression }) => ({ archive: tarOf(entries), compression }));
      const from =
        (await ociLayout.write?.(join(temporaryFolder(), "image"), outgoingOf(outgoingImage(stored)), writeOptions())) ?? "";
      const { result, changes } = await optimize(from, `oci:${join(temporaryFolder(), "out")}`, optimizing);
      const seen = await seenIn(from);
      const gone = new Set(changes.map(({ path }) => path));
      // Contents are changed under their first name.
      const paths = seen.flatMap((text) => {
        const [path = "", ...rest] = text.split(" ");
        return path !== "" && (gone.has(path) || gone.has(rest.at(-1) ?? "")) ? [path] : [];
      });
      if (paths.length === 0) return;
      const { reference } = await restored(result?.reference ?? "", from, paths);
      const now = (await seenIn(reference)).map((text) => text.split(" ").slice(0, -1).join(" "));
      assert.deepEqual(
        now,
        seen.map((text) => text.split(" ").slice(0, -1).join(" ")),
      );
    }),
    { numRuns: Number(process.env["DEADWEIGHT_RUNS"] ?? 12) },
  );
});
