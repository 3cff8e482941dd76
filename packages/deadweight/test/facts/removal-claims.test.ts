import assert from "node:assert/strict";
import { test } from "node:test";
import { createFileTree } from "../../src/facts/file-tree.ts";
import { removalClaims } from "../../src/facts/removal-claims.ts";
import { indexOf, tarOf, type TestEntry } from "../support/layers.ts";

/** What removing visible paths frees, as `layer:path`. */
function freed(paths: readonly string[], ...layers: readonly (readonly TestEntry[])[]): string[] {
  const tree = createFileTree(layers.map((layer) => indexOf(tarOf(layer))));
  return removalClaims(
    tree,
    paths.map((path) => tree.find(path)),
  ).map(({ entry }) => `${tree.layerOf(entry)}:${tree.path(entry)}`);
}

const pair: readonly TestEntry[] = [
  { path: "a", content: "x" },
  { path: "b", type: "hardlink", link: "a" },
];

test("of two names of a file the one that carries the content frees nothing while the other stays", () => {
  assert.deepEqual(freed(["a"], pair), []);
  assert.deepEqual(freed(["b"], pair), ["0:b"]);
});

test("all names free all", () => {
  assert.deepEqual(freed(["a", "b"], pair), ["0:a", "0:b"]);
  assert.deepEqual(freed(["b", "a"], pair), ["0:b", "0:a"]);
});

test("the last visible name of a hidden file frees its content", () => {
  assert.deepEqual(freed(["b"], pair, [{ path: ".wh.a" }]), ["0:b", "0:a"]);
});

test("a third name holds the content", () => {
  const three = [...pair, { path: "c", type: "hardlink", link: "b" } as const];
  assert.deepEqual(freed(["a", "b"], three), ["0:b"]);
  assert.deepEqual(freed(["b", "c"], three, [{ path: ".wh.a" }]), ["0:b", "0:a", "0:c"]);
});

test("nothing and plain files", () => {
  assert.deepEqual(freed([], pair), []);
  assert.deepEqual(freed(["d"], [{ path: "d", content: "x" }]), ["0:d"]);
});
