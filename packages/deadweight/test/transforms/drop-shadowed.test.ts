import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestEntry } from "../support/layers.ts";
import { planned, type PlanningOptions } from "../support/planning.ts";

const file = (path: string, content = "x", rest: Partial<TestEntry> = {}): TestEntry => ({ path, content, ...rest });

function edits(layers: readonly (readonly TestEntry[])[], options: PlanningOptions = {}): readonly string[] {
  return planned(layers, { only: ["drop-shadowed"], ...options }).edits;
}

test("what a later layer overwrites, removes or puts something else in the place of", () => {
  assert.deepEqual(edits([[file("a", "x")], [file("a", "y")]]), ["remove 0:a"]);
  assert.deepEqual(edits([[file("a")], [{ path: ".wh.a" }]]), ["remove 0:a", "remove 1:a"]);
  assert.deepEqual(edits([[{ path: "d/" }, file("d/a")], [{ path: ".wh.d" }]]), ["remove 0:d", "remove 0:d/a", "remove 1:d"]);
  assert.deepEqual(edits([[{ path: "d/" }, file("d/a")], [file("d")]]), ["remove 0:d", "remove 0:d/a"]);
  assert.deepEqual(
    edits([
      [{ path: "d/" }, file("d/a")],
      [{ path: "d/" }, { path: "d/.wh..wh..opq" }, file("d/b")],
    ]),
    ["remove 0:d/a", "remove 1:d"],
  );
});

test("nothing in an image without shadows", () => {
  assert.deepEqual(
    edits([
      [{ path: "d/" }, file("d/a")],
      [{ path: "d/" }, file("d/b")],
    ]),
    [],
  );
});

test("of copies that differ in metadata alone the lower ones go, as the visible one stays as it is", () => {
  assert.deepEqual(edits([[file("a")], [file("a", "x", { uid: 1 })], [file("a", "x", { uid: 2 })]]), [
    "remove 0:a",
    "remove 1:a",
  ]);
});

test("content that a visible hard link uses stays under its hidden name", () => {
  assert.deepEqual(edits([[file("a"), { path: "b", type: "hardlink", link: "a" }], [{ path: ".wh.a" }]]), []);
});

test("the base image is left alone, and so are markers that hide something of it", () => {
  const layers = [
    [file("a"), file("b")],
    [{ path: ".wh.a" }, file("c")],
    [{ path: ".wh.c" }, file("b", "y")],
  ];
  assert.deepEqual(edits(layers, { base: 1 }), ["remove 1:c", "remove 2:c"]);
  assert.deepEqual(edits(layers, { base: 1, rewriteBase: true }), [
    "remove 0:a",
    "remove 0:b",
    "remove 1:a",
    "remove 1:c",
    "remove 2:c",
  ]);
});

test("a folder without an entry of its own goes on being there", () => {
  assert.deepEqual(
    edits([
      [file("d/a"), file("d/b")],
      [{ path: "d/.wh.a" }, { path: "d/.wh.b" }],
    ]),
    ["remove 0:d/a", "remove 0:d/b", "remove 1:d/b"],
  );
  assert.deepEqual(edits([[file("d/a"), file("d/b")], [{ path: ".wh.d" }]]), ["remove 0:d/a", "remove 0:d/b", "remove 1:d"]);
});

test("layers that runtimes take differently are not edited, and the plan says so", () => {
  const twice = planned([[file("a"), file("a", "y")], [file("a", "z")]], { only: ["drop-shadowed"] });
  assert.deepEqual(twice.edits, []);
  assert.match(twice.plan.notes.join(), /layer 0 is left as it is.*stored twice in its layer/);
  assert.deepEqual(edits([[file("a")], [{ path: ".wh.a" }, file("a", "y")]]), ["remove 0:a"]);
  assert.deepEqual(edits([[file("a")], [file("a", "y", { xattrs: { "trusted.overlay.opaque": "y" } })], [file("a", "z")]]), [
    "remove 0:a",
  ]);
  const belowLink = [[{ path: "real/" }, { path: "l", type: "symlink" as const, link: "real" }], [file("l/a")]];
  assert.deepEqual(edits(belowLink), []);
});

test("each change says why", () => {
  const { plan } = planned([[{ path: "d/" }, file("d/a"), file("b")], [file("b", "y")], [{ path: ".wh.d" }]]);
  assert.deepEqual(
    plan.changes.map(({ layer, path, action, reason }) => [layer, path, action, reason]),
    [
      [0, "d", "remove", "shadowed-files: removed by layer 2"],
      [0, "d/a", "remove", "shadowed-files: below a folder removed by layer 2"],
      [0, "b", "remove", "shadowed-files: overwritten by layer 1"],
      [2, "d", "remove", "shadowed-files: a marker that hides nothing, of layer 2"],
    ],
  );
});
