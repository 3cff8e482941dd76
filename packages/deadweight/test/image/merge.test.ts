import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createFileTree } from "../../src/facts/file-tree.ts";
import { configOf } from "../support/archived-image.ts";
import { indexOf, tarOf, type TestEntry } from "../support/layers.ts";
import { randomStack } from "../support/stacked-layers.ts";
import { readTar, type ReadEntry } from "../support/tar-reading.ts";
import { run, withoutEngine } from "../support/tools.ts";

const stackCount = 300;

/** Many random stacks as one image: each has a folder of its own, since loading an image costs a second. */
function manyStacks(): readonly (readonly TestEntry[])[] {
  const layers: TestEntry[][] = [];
  for (let seed = 1; seed <= stackCount; seed++) {
    for (const [index, entries] of randomStack(seed).entries()) {
      const within = (path: string): string => `s${seed}/${path}`;
      const moved = entries.map((entry) => ({
        ...entry,
        path: within(entry.path),
        ...(entry.type === "hardlink" ? { link: within(entry.link ?? "") } : {}),
      }));
      (layers[index] ??= []).push(...moved);
    }
  }
  return layers;
}

/** What the Docker engine shows of an image with these layers; the image is removed again. */
function exported(layers: readonly (readonly TestEntry[])[], t: TestContext): readonly ReadEntry[] {
  const archives = layers.map((entries) => tarOf(entries));
  const config = JSON.stringify({ ...(JSON.parse(configOf(archives)) as object), config: { Cmd: ["none"] } });
  const name = `deadweight-test-merge-${process.pid}`;
  const manifest = JSON.stringify([
    { Config: "config.json", RepoTags: [`${name}:latest`], Layers: archives.map((_, index) => `${index}/layer.tar`) },
  ]);
  const members = archives.map((content, index) => ({ path: `${index}/layer.tar`, content }));
  run(
    "docker",
    ["load"],
    tarOf([{ path: "config.json", content: config }, { path: "manifest.json", content: manifest }, ...members]),
  );
  t.after(() => run("docker", ["rmi", "--force", name]));
  const container = run("docker", ["create", name]).toString().trim();
  try {
    return readTar(run("docker", ["export", container])).entries.filter(({ name }) => /^s\d+\//.test(name));
  } finally {
    run("docker", ["rm", container]);
  }
}

test("random stacks show what the Docker engine shows", { skip: withoutEngine() }, (t) => {
  const layers = manyStacks();
  const shown = exported(layers, t);
  const tree = createFileTree(layers.map((entries) => indexOf(tarOf(entries), [])));
  assert.deepEqual(
    tree.oddities.filter(({ message }) => !/no folder/.test(message)),
    [],
  );
  const contentOf = new Map(shown.map((entry) => [entry.name, entry]));
  const theirs = shown.flatMap((entry) => {
    const file = entry.typeflag === "1" ? contentOf.get(entry.linkname) : entry;
    if (file?.typeflag === "2") return [`${entry.name} -> ${file.linkname}`];
    // Folders that no layer stores are made by the engine.
    return entry.typeflag === "5" ? [] : [`${entry.name} ${file?.sha256}`];
  });
  const ours = [...tree.all()].flatMap((entry) => {
    const content = tree.contentOf(entry);
    if (tree.type(content) === "symlink") return [`${tree.path(entry)} -> ${tree.symlink(content)}`];
    if (tree.type(content) === "directory") return [];
    return [`${tree.path(entry)} ${Buffer.from(tree.hash(content), "latin1").toString("hex")}`];
  });
  assert.ok(theirs.length > stackCount, `${theirs.length} files`);
  assert.deepEqual(ours.sort(), theirs.sort());
  const folders = new Set(shown.filter(({ typeflag }) => typeflag === "5").map(({ name }) => name.replace(/\/$/, "")));
  for (const entry of tree.all()) {
    if (tree.type(entry) === "directory") assert.ok(folders.has(tree.path(entry)), tree.path(entry));
  }
  t.diagnostic(`${theirs.length} files and links of ${stackCount} stacks`);
});
