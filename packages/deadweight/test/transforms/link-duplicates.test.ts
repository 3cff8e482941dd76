import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestEntry } from "../support/layers.ts";
import { planned, type PlanningOptions } from "../support/planning.ts";

const large = "x".repeat(4096);
const file = (path: string, rest: Partial<TestEntry> = {}): TestEntry => ({ path, content: large, ...rest });

function edits(layers: readonly (readonly TestEntry[])[], options: PlanningOptions = {}): readonly string[] {
  return planned(layers, { only: ["link-duplicates"], ...options }).edits;
}

test("equal files of a layer become links of the first in the archive", () => {
  assert.deepEqual(edits([[file("c"), file("a"), file("b")]]), ["link 0:a to 0:c", "link 0:b to 0:c"]);
});

test("anything that names of one file share must be equal", () => {
  for (const other of [
    { uid: 1 },
    { gid: 1 },
    { mode: 0o600 },
    { mtime: 5 },
    { xattrs: { "user.a": "1" } },
    { content: `${large}y` },
  ])
    assert.deepEqual(edits([[file("a"), file("b", other)]]), [], JSON.stringify(Object.keys(other)));
  const xattrs = { "user.a": "1", "user.b": "2" };
  assert.deepEqual(edits([[file("a", { xattrs }), file("b", { xattrs: { "user.b": "2", "user.a": "1" } })]]), [
    "link 0:b to 0:a",
  ]);
});

test("small files are not worth it", () => {
  assert.deepEqual(edits([[file("a", { content: "x".repeat(4095) }), file("b", { content: "x".repeat(4095) })]]), []);
});

test("links do not reach into other layers, nor into those that are not edited", () => {
  assert.deepEqual(edits([[file("a")], [file("b"), file("c")]]), ["link 1:c to 1:b"]);
  assert.deepEqual(edits([[file("a"), file("b")], [file("c")]], { base: 1 }), []);
});

test("names that are links already stay so", () => {
  const hard: TestEntry = { path: "b", type: "hardlink", link: "a" };
  assert.deepEqual(edits([[file("a"), hard]]), []);
  assert.deepEqual(edits([[file("a"), hard, file("c")]]), ["link 0:c to 0:a"]);
});

test("what is hidden, removed before or to be kept is not linked", () => {
  assert.deepEqual(edits([[file("a"), file("b")], [{ path: ".wh.a" }]]), []);
  assert.deepEqual(planned([[{ path: "tmp/" }, file("tmp/a"), file("b")]], { level: "verified" }).edits, ["remove 0:tmp/a"]);
  assert.deepEqual(edits([[file("a"), file("b"), file("c")]], { keep: ["b"] }), ["link 0:c to 0:a"]);
});

test("a link costs a header", () => {
  const { plan } = planned([[file("a"), file("b")]], { only: ["link-duplicates"] });
  assert.deepEqual(plan.changes, [
    {
      transform: "link-duplicates",
      action: "link",
      layer: 0,
      path: "b",
      bytesBefore: 4608,
      bytesAfter: 512,
      reason: "duplicate-files: the same content, owner, mode and time as /a",
    },
  ]);
});

test("copies that take the attributes of higher ones are linked as they will be", () => {
  const only = ["drop-metadata-rewrites", "link-duplicates"];
  const layers = [
    [file("a"), file("b"), file("c"), file("d", { uid: 1 })],
    [file("a", { uid: 1 }), file("b", { uid: 1 }), file("c", { uid: 2 })],
  ];
  assert.deepEqual(planned(layers, { only }).edits, [
    "take-attributes 0:a of 1:a",
    "link 0:b to 0:a",
    "take-attributes 0:c of 1:c",
    "link 0:d to 0:a",
    "remove 1:a",
    "remove 1:b",
    "remove 1:c",
  ]);
});

test("the first says its own attributes again for those that become links of it and were to take the same", () => {
  const only = ["drop-metadata-rewrites", "link-duplicates"];
  const layers = [[file("a", { uid: 1 }), file("b")], [file("b", { uid: 1 })]];
  const { edits: all, after } = planned(layers, { only });
  assert.deepEqual(all, ["take-attributes 0:a of 0:a", "link 0:b to 0:a", "remove 1:b"]);
  assert.deepEqual(planned(after, { only }).edits, []);
  assert.deepEqual(planned(layers, { only, keep: ["a"] }).edits, ["take-attributes 0:b of 1:b", "remove 1:b"]);
});

test("a copy that stays as it is, as hard links are in the way below, is linked in the same run", () => {
  const below = [file("l"), { path: "d", type: "hardlink", link: "l" } as const];
  assert.deepEqual(planned([below, [file("a"), file("d")]], { level: "verified" }).edits, ["remove 0:d", "link 1:d to 1:a"]);
});

test("temporary files are left alone: they are to go", () => {
  assert.deepEqual(edits([[{ path: "tmp/" }, { path: "var/tmp/" }, file("a"), file("tmp/b"), file("var/tmp/c")]]), []);
});
