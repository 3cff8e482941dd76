import assert from "node:assert/strict";
import { test } from "node:test";
import { validateImage } from "../../src/pipeline/validate-image.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { linesOf } from "../support/rewritten.ts";

function wrong(...layers: readonly (readonly TestEntry[])[]): readonly string[] {
  return linesOf(validateImage(factsOf(layers)));
}

const a: TestEntry = { path: "a", content: "one" };

test("an ordinary image breaks nothing", () => {
  assert.deepEqual(
    wrong(
      [{ path: "d/" }, a, { path: "l", type: "hardlink", link: "a" }, { path: "d/x" }],
      [{ path: "d/" }, { path: "d/.wh..wh..opq" }, { path: "d/y" }, { path: ".wh.a" }],
    ),
    [],
  );
});

test("a path twice in a layer", () => {
  assert.deepEqual(wrong([a, a]), ["path-once a: one entry | two"]);
});

test("a whiteout beside what it hides, or above it", () => {
  const expected = "an opaque folder, or no whiteout | a whiteout";
  assert.deepEqual(wrong([a], [{ path: ".wh.a" }, a]), [`whiteout a: ${expected}`]);
  assert.deepEqual(wrong([{ path: "d/" }, { path: "d/x" }], [{ path: ".wh.d" }, { path: "d/x" }]), [`whiteout d/x: ${expected}`]);
});

test("an opaque root", () => {
  assert.deepEqual(wrong([a], [{ path: ".wh..wh..opq" }]), ["opaque-root : no marker | a marker"]);
});

test("links to nothing, to a lower layer, to what comes later, and with attributes of their own", () => {
  const link: TestEntry = { path: "l", type: "hardlink", link: "a" };
  assert.deepEqual(wrong([link]), ["link-target l: a file | nothing"]);
  assert.deepEqual(wrong([a], [link]), ["link-target l: layer 1 | layer 0"]);
  assert.deepEqual(wrong([link, a]), ["link-target l: a file | nothing"]);
  assert.deepEqual(wrong([a, { ...link, mode: 0o600 }]), ["link-attributes l: 0644 | 0600"]);
});

test("attributes that overlay file systems obey", () => {
  assert.deepEqual(wrong([{ ...a, xattrs: { "trusted.overlay.opaque": "y" } }]), [
    "overlay-attribute a: none | trusted.overlay.opaque",
  ]);
});

test("a history that does not fit the layers, and too many layers", () => {
  const facts = factsOf([[a]], { config: { history: [{ emptyLayer: false }, { emptyLayer: false }, { emptyLayer: true }] } });
  assert.deepEqual(linesOf(validateImage(facts)), ["history : 1 | 2"]);
  assert.deepEqual(wrong(...Array.from({ length: 126 }, () => [])), ["layer-count : at most 125 | 126"]);
});
