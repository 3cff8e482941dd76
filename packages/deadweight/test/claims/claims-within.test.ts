import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsWithin } from "../../src/claims/claims-within.ts";
import { createFileTree } from "../../src/facts/file-tree.ts";
import { indexOf, tarOf, type TestEntry } from "../support/layers.ts";

function claimed(patterns: readonly string[], ...layers: readonly (readonly TestEntry[])[]): string[] {
  const tree = createFileTree(layers.map((layer) => indexOf(tarOf(layer))));
  return claimsWithin(tree, patterns)
    .map(({ entry }) => `${tree.layerOf(entry)}:${tree.path(entry)}`)
    .sort();
}

test("files and links at and below a pattern; not folders, pipes, devices", () => {
  const entries: readonly TestEntry[] = [
    { path: "c/" },
    { path: "c/file", content: "x" },
    { path: "c/d/" },
    { path: "c/d/link", type: "symlink", link: "nowhere" },
    { path: "c/d/pipe", type: "fifo" },
    { path: "c/d/null", type: "character-device" },
    { path: "cc", content: "x" },
  ];
  assert.deepEqual(claimed(["c"], entries), ["0:c/d/link", "0:c/file"]);
  assert.deepEqual(claimed(["c/file"], entries), ["0:c/file"]);
  assert.deepEqual(claimed(["c*"], entries), ["0:c/d/link", "0:c/file", "0:cc"]);
  assert.deepEqual(claimed(["c", "c/*", "c/**/link"], entries), ["0:c/d/link", "0:c/file"], "each once");
});

test("archives need not store the folder itself", () => {
  assert.deepEqual(claimed(["a/*/c"], [{ path: "a/b/c/d/e", content: "x" }]), ["0:a/b/c/d/e"]);
});

test("what is hidden is not claimed, the copy that a container sees is", () => {
  assert.deepEqual(
    claimed(
      ["c"],
      [
        { path: "c/x", content: "1" },
        { path: "c/y", content: "1" },
      ],
      [{ path: "c/x", content: "2" }, { path: "c/.wh.y" }],
    ),
    ["1:c/x"],
  );
});

test("a pattern that is a link to a folder is another name of it, a link to a file is claimed", () => {
  const entries: readonly TestEntry[] = [
    { path: "tmp/" },
    { path: "tmp/x", content: "x" },
    { path: "other", type: "symlink", link: "tmp" },
    { path: "alias", type: "symlink", link: "tmp/x" },
  ];
  assert.deepEqual(claimed(["other"], entries), []);
  assert.deepEqual(claimed(["alias"], entries), ["0:alias"]);
});
