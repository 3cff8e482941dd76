import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestEntry } from "../support/layers.ts";
import { planned, type PlanningOptions } from "../support/planning.ts";

const file = (path: string, rest: Partial<TestEntry> = {}): TestEntry => ({ path, content: "x", ...rest });
const link = (path: string, target: string, rest: Partial<TestEntry> = {}): TestEntry => ({
  path,
  type: "hardlink",
  link: target,
  ...rest,
});

function edits(layers: readonly (readonly TestEntry[])[], options: PlanningOptions = {}): readonly string[] {
  return planned(layers, { only: ["drop-metadata-rewrites"], ...options }).edits;
}

test("the lowest copy takes owner, mode, time and attributes of the highest", () => {
  const layers = [
    [file("a")],
    [file("a", { uid: 1 })],
    [file("a", { uid: 1, mode: 0o600, mtime: 5, xattrs: { "user.a": "1" } })],
  ];
  assert.deepEqual(edits(layers), ["take-attributes 0:a of 2:a", "remove 1:a", "remove 2:a"]);
  const { after } = planned(layers, { only: ["drop-metadata-rewrites"] });
  assert.deepEqual(after, [[file("a", { uid: 1, gid: 0, mode: 0o600, mtime: 5, xattrs: { "user.a": "1" } })], [], []]);
});

test("what was stored again as it was needs no other header", () => {
  assert.deepEqual(edits([[file("a")], [file("a")]]), ["remove 1:a"]);
  assert.deepEqual(edits([[file("a")], [file("a", { uid: 1 })], [file("a")]]), ["remove 1:a", "remove 2:a"]);
});

test("other content is no rewrite", () => {
  assert.deepEqual(edits([[file("a")], [file("a", { content: "y" })]]), []);
  assert.deepEqual(edits([[file("a")], [{ path: ".wh.a" }], [file("a")]]), []);
});

test("the lowest copy in a layer that may be edited is the one that stays", () => {
  const layers = [[file("a")], [file("a", { uid: 1 })], [file("a", { uid: 2 })]];
  assert.deepEqual(edits(layers, { base: 1 }), ["take-attributes 1:a of 2:a", "remove 2:a"]);
  assert.deepEqual(edits(layers.slice(0, 2), { base: 1 }), []);
  assert.deepEqual(edits(layers.slice(0, 2), { base: 1, rewriteBase: true }), ["take-attributes 0:a of 1:a", "remove 1:a"]);
});

test("hard links move together, or not at all", () => {
  const below = [file("a"), link("b", "a")];
  assert.deepEqual(edits([below, [file("a", { uid: 1 }), link("b", "a", { uid: 1 })]]), [
    "take-attributes 0:a of 1:a",
    "take-attributes 0:b of 1:b",
    "remove 1:a",
    "remove 1:b",
  ]);
  // Without a new b, b would get a's owner.
  assert.deepEqual(edits([below, [file("a", { uid: 1 })]]), []);
  // Two files would become one.
  assert.deepEqual(edits([below, [file("a", { uid: 1 }), file("b", { uid: 1 })]]), []);
  assert.deepEqual(
    edits([
      [file("a"), file("b")],
      [file("a", { uid: 1 }), link("b", "a", { uid: 1 })],
    ]),
    [],
  );
  assert.deepEqual(edits([[file("a")], [file("a", { uid: 1 }), link("c", "a", { uid: 1 })]]), []);
});

test("a path that is kept stays as it is", () => {
  assert.deepEqual(edits([[file("d/a")], [file("d/a", { uid: 1 })]], { keep: ["/d/*"] }), []);
});

test("then nothing is left for drop-shadowed, and without it the lower copy is shadowed", () => {
  const layers = [[file("a")], [file("a", { uid: 1 })], [file("b")], [file("b")]];
  assert.deepEqual(planned(layers).edits, ["take-attributes 0:a of 1:a", "remove 1:a", "remove 3:b"]);
  assert.deepEqual(planned(layers, { skip: ["drop-metadata-rewrites"] }).edits, ["remove 0:a", "remove 2:b"]);
});
