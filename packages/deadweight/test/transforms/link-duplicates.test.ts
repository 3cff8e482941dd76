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

test("copies of higher layers come to lie in the lowest that has one, all names of a file together", () => {
  assert.deepEqual(edits([[file("a")], [file("b"), file("c")], [file("d")]]), [
    "link-below 1:b to 0:a",
    "link-below 1:c to 0:a",
    "link-below 2:d to 0:a",
  ]);
  const named: readonly TestEntry[] = [file("b"), { path: "c", type: "hardlink", link: "b" }];
  assert.deepEqual(edits([[file("a")], named]), ["link-below 1:b to 0:a", "link-below 1:c to 0:a"]);
  for (const keep of ["b", "c"]) assert.deepEqual(edits([[file("a")], named], { keep: [keep] }), []);
  assert.deepEqual(edits([[file("a")], [...named, file("d")]], { keep: ["c"] }), ["link-below 1:d to 0:a"]);
});

test("layers that are not edited get no links, nor do those below one that is not", () => {
  assert.deepEqual(edits([[file("a"), file("b")], [file("c")], [file("d")]], { base: 1 }), ["link-below 2:d to 1:c"]);
  const twice = [{ path: "x" }, { path: "x", content: "y" }];
  assert.deepEqual(edits([[file("a")], twice, [file("c"), file("d")]]), ["link 2:d to 2:c"]);
});

test("the folders above a link come with it, as a container sees them, each once", () => {
  const folders = [
    { path: "d/", mode: 0o700, mtime: 8 },
    { path: "d/e/", uid: 7 },
  ];
  const layers = [
    [{ path: "d/" }, file("a")],
    [...folders, file("d/e/b"), file("d/e/c"), { path: "d/e/x" }],
  ];
  const { plan, after } = planned(layers, { only: ["link-duplicates"] });
  assert.deepEqual(
    after.map((layer) => layer.map(({ path, uid = 0, link = "" }) => [path, uid, link].join(" "))),
    [
      ["d/ 0 ", "a 0 ", "d/e/ 7 ", "d/e/b 0 a", "d/e/c 0 a"],
      ["d/ 0 ", "d/e/ 7 ", "d/e/x 0 "],
    ],
  );
  assert.deepEqual(
    plan.changes.map(({ action, layer, path, bytesAfter }) => [action, layer, path, bytesAfter]),
    [
      ["link", 1, "d/e/b", 1024],
      ["link", 1, "d/e/c", 512],
    ],
  );
});

test("what lies at the path of a copy, or where a folder above it is to be, keeps it where it is", () => {
  const copy = [{ path: "d/" }, file("d/b")];
  const inTheWay: readonly (readonly TestEntry[])[] = [
    [{ path: ".wh.d" }],
    [{ path: "d", content: "a file" }],
    [{ path: "d/" }, { path: "d/.wh..wh..opq" }],
    [{ path: "d/" }, { path: "d/.wh.b" }],
    [{ path: "d/" }, { path: "d/b", content: "another" }],
    [{ path: "d/" }, { path: "d/b/" }, { path: "d/b/x" }],
  ];
  const below = [file("a"), { path: "d/" }, { path: "d/b", content: "below" }];
  for (const layer of inTheWay) {
    assert.deepEqual(edits([below, layer, copy]), [], JSON.stringify(layer));
    const all = planned([below, layer, copy], { level: "verified" });
    assert.ok(all.edits.includes("link-below 2:d/b to 0:a"), `dropped first: ${JSON.stringify(layer)}`);
  }
  assert.deepEqual(edits([[file("a")], [file("d/b")]]), [], "no entry says what the folder is like");
});

test("a fraction of a second in a time is not lost", () => {
  const late = { mtime: 1_700_000_000.25 };
  assert.deepEqual(edits([[file("a", late)], [file("b", late)]]), []);
  const above = [{ path: "d/" }, file("d/x", { mtime: 1 })];
  assert.deepEqual(edits([[{ path: "d/", ...late }], [file("a")], [file("d/b")]]), []);
  assert.deepEqual(edits([[{ path: "d/", ...late }], [file("a")], [file("d/b")], above]), ["link-below 2:d/b to 1:a"]);
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

test("a copy that stays as it is, as hard links are in the way below, becomes a link in the same run", () => {
  const below = [file("l"), { path: "d", type: "hardlink", link: "l" } as const];
  assert.deepEqual(planned([below, [file("a"), file("d")]], { level: "verified" }).edits, [
    "remove 0:d",
    "link-below 1:a to 0:l",
    "link-below 1:d to 0:l",
  ]);
});

test("temporary files are left alone: they are to go", () => {
  assert.deepEqual(edits([[{ path: "tmp/" }, { path: "var/tmp/" }, file("a"), file("tmp/b"), file("var/tmp/c")]]), []);
});

test("a cache's file stays as it is while another name needs its content, and a second run finds nothing", () => {
  const cached = "root/.cache/pip/http-v2/w.body";
  const folders = ["root/", "root/.cache/", "root/.cache/pip/", "root/.cache/pip/http-v2/", "d/"].map((path) => ({ path }));
  const layer: readonly TestEntry[] = [...folders, file("a"), file(cached), { path: "d/l", type: "hardlink", link: cached }];
  for (const layers of [[layer], [[file("b")], layer]]) {
    const { edits: first, after } = planned(layers, { level: "verified" });
    assert.ok(!first.some((edit) => edit.includes("w.body")), first.join());
    assert.deepEqual(planned(after, { level: "verified" }).edits, []);
  }
});
