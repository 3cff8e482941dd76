import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createFileTree, type FileTree } from "../../src/facts/file-tree.ts";
import { indexOf, tarOf, type TestEntry } from "../support/layers.ts";
import { randomStack, stackPlainly } from "../support/stacked-layers.ts";

type Layers = readonly (readonly TestEntry[])[];

const file = (path: string, content = "x"): TestEntry => ({ path, content });
const folder = (path: string): TestEntry => ({ path: `${path}/` });
const symlink = (path: string, link: string): TestEntry => ({ path, type: "symlink", link });
const hardLink = (path: string, link: string): TestEntry => ({ path, type: "hardlink", link });
const gone = (path: string): TestEntry => ({ path: path.replace(/[^/]+$/, ".wh.$&") });
const opaque = (path: string): TestEntry => ({ path: `${path}/.wh..wh..opq` });

function treeOf(...layers: Layers): FileTree {
  return createFileTree(layers.map((entries) => indexOf(tarOf(entries), [])));
}

/** The visible paths, sorted. */
function shown(tree: FileTree): readonly string[] {
  return [...tree.all()].map((entry) => tree.path(entry)).sort();
}

/** The fate of every entry in order, with the layer that hid it where it is not its own. */
function fatesOf(tree: FileTree): readonly string[] {
  return Array.from({ length: tree.entryCount }, (_, entry) => {
    const by = tree.hiddenBy(entry);
    return tree.fate(entry) + (by === tree.layerOf(entry) ? "" : ` by ${by}`);
  });
}

/** Rules of stacking: what each entry becomes, in order, and what is visible. */
const truth: readonly { what: string; layers: Layers; fates: readonly string[]; visible: readonly string[] }[] = [
  { what: "a file overwritten", layers: [[file("a")], [file("a")]], fates: ["overwritten by 1", "visible"], visible: ["a"] },
  { what: "a file removed", layers: [[file("a")], [gone("a")]], fates: ["removed by 1", "marker"], visible: [] },
  {
    what: "removed and there again",
    layers: [[file("a")], [gone("a")], [file("a")]],
    fates: ["removed by 1", "marker", "visible"],
    visible: ["a"],
  },
  {
    what: "a folder removed, with all below",
    layers: [[folder("d"), folder("d/e"), file("d/e/f")], [gone("d")]],
    fates: ["removed by 1", "below-removed by 1", "below-removed by 1", "marker"],
    visible: [],
  },
  {
    what: "a folder without an entry removed",
    layers: [[file("d/e/f")], [gone("d")]],
    fates: ["below-removed by 1", "marker"],
    visible: [],
  },
  {
    what: "a folder made opaque: lower layers' files go, its own stay, wherever the marker stands",
    layers: [
      [folder("d"), file("d/old"), file("d/both")],
      [file("d/new"), opaque("d"), file("d/both")],
    ],
    fates: ["visible", "below-opaque by 1", "below-opaque by 1", "visible", "marker", "visible"],
    visible: ["d", "d/both", "d/new"],
  },
  {
    what: "opaque marker first",
    layers: [
      [folder("d"), folder("d/e"), file("d/e/old")],
      [folder("d"), opaque("d"), file("d/new")],
    ],
    fates: ["merged by 1", "below-opaque by 1", "below-opaque by 1", "visible", "marker", "visible"],
    visible: ["d", "d/new"],
  },
  {
    what: "an opaque marker at the root is ignored",
    layers: [[file("a")], [{ path: ".wh..wh..opq" }, file("b")]],
    fates: ["visible", "marker", "visible"],
    visible: ["a", "b"],
  },
  {
    what: "a whiteout hides lower layers alone",
    layers: [[file("a")], [gone("a"), file("a")]],
    fates: ["removed by 1", "marker", "visible"],
    visible: ["a"],
  },
  {
    what: "a folder stored again is merged: what is in it stays",
    layers: [[folder("d"), file("d/f")], [folder("d")], [folder("d")]],
    fates: ["merged by 1", "visible", "merged by 2", "visible"],
    visible: ["d", "d/f"],
  },
  {
    what: "a folder becomes a file, and a folder again: what was in it does not come back",
    layers: [[folder("d"), file("d/f")], [file("d")], [folder("d"), file("d/g")]],
    fates: ["overwritten by 1", "replaced by 1", "overwritten by 2", "visible", "visible"],
    visible: ["d", "d/g"],
  },
  {
    what: "a folder without an entry becomes a link",
    layers: [[file("d/e/f")], [symlink("d", "g")]],
    fates: ["replaced by 1", "visible"],
    visible: ["d"],
  },
  {
    what: "a file becomes a folder",
    layers: [[file("a")], [folder("a"), file("a/b")]],
    fates: ["overwritten by 1", "visible", "visible"],
    visible: ["a", "a/b"],
  },
  {
    what: "an entry below what was a file, or a link of a lower layer: a folder takes its place",
    layers: [
      [file("a"), symlink("l", "d"), folder("d")],
      [file("a/b"), file("l/x")],
    ],
    fates: ["replaced by 1", "replaced by 1", "visible", "visible", "visible"],
    visible: ["a/b", "d", "l/x"],
  },
  {
    what: "a marker below what was a file: a folder takes its place",
    layers: [
      [file("a"), file("b")],
      [gone("a/x"), opaque("b")],
    ],
    fates: ["replaced by 1", "replaced by 1", "marker", "marker"],
    visible: [],
  },
  {
    what: "stored twice in a layer: the last one counts",
    layers: [[file("a"), folder("d"), file("d/x"), symlink("a", "t"), file("d")]],
    fates: ["repeated", "repeated", "replaced", "visible", "visible"],
    visible: ["a", "d"],
  },
  {
    what: "a whiteout of what is not there",
    layers: [[file("a")], [gone("b"), gone("no/c"), opaque("nowhere")]],
    fates: ["visible", "marker", "marker", "marker"],
    visible: ["a"],
  },
  {
    what: "a file of the same layer as its folder's whiteout stays",
    layers: [
      [folder("d"), file("d/a")],
      [gone("d"), file("d/b")],
    ],
    fates: ["removed by 1", "below-removed by 1", "marker", "visible"],
    visible: ["d/b"],
  },
];

for (const { what, layers, fates, visible } of truth) {
  test(`stacking: ${what}`, () => {
    const tree = treeOf(...layers);
    assert.deepEqual(fatesOf(tree), fates);
    assert.deepEqual(shown(tree), visible);
  });
}

test("hard links carry the content of their target, whatever becomes of its name", () => {
  const cases: readonly [Layers, string, string | undefined][] = [
    [[[file("a"), hardLink("b", "a")]], "0:a", undefined],
    [[[file("a"), hardLink("b", "a")], [gone("a")]], "0:a", undefined],
    [[[file("a"), hardLink("b", "a")], [file("a", "other")]], "0:a", undefined],
    [[[file("a"), hardLink("c", "a"), hardLink("b", "c")]], "0:a", undefined],
    [[[file("a")], [hardLink("b", "a")]], "0:a", "a hard link to a lower layer: engines refuse it or copy the file"],
    [[[file("a")], [hardLink("b", "/a")]], "0:a", "a hard link to a lower layer: engines refuse it or copy the file"],
    [[[hardLink("b", "a"), file("a")]], "0:b", "a hard link whose target is not in the image"],
    [[[hardLink("b", "b")]], "0:b", "a hard link whose target is not in the image"],
    [[[folder("a"), hardLink("b", "a")]], "0:b", "a hard link to a folder: engines refuse it"],
    [[[file("a")], [gone("a"), hardLink("b", "a")]], "1:b", "a hard link whose target is not in the image"],
    [[[folder("usr"), file("usr/a"), symlink("l", "usr"), hardLink("b", "l/a")]], "0:usr/a", undefined],
  ];
  for (const [layers, carrier, oddity] of cases) {
    const tree = treeOf(...layers);
    const content = tree.contentOf(tree.find("b"));
    assert.equal(`${tree.layerOf(content)}:${tree.path(content)}`, carrier, JSON.stringify(layers));
    assert.deepEqual(
      tree.oddities.map(({ message }) => message),
      oddity === undefined ? [] : [oddity],
      JSON.stringify(layers),
    );
    assert.ok(tree.isLive(content));
  }
});

test("content is live as long as one of its names is visible", () => {
  const live = (...layers: Layers): readonly boolean[] => {
    const tree = treeOf(...layers);
    return Array.from({ length: tree.entryCount }, (_, entry) => tree.isLive(entry));
  };
  assert.deepEqual(live([file("a"), hardLink("b", "a")], [gone("a")]), [true, true, false]);
  assert.deepEqual(live([file("a"), hardLink("b", "a")], [gone("a"), gone("b")]), [false, false, false, false]);
  assert.deepEqual(live([folder("d")], [folder("d")]), [true, true]);
});

test("an entry below a link of its own layer lies where the link leads, as engines unpack it", () => {
  const cases: readonly [readonly TestEntry[], string][] = [
    [[folder("usr/lib"), symlink("lib", "usr/lib"), file("lib/x/y")], "usr/lib/x/y"],
    [[folder("usr/lib"), symlink("lib", "/usr/lib"), file("lib/x/y")], "usr/lib/x/y"],
    [[symlink("a/l", "../b"), file("a/l/y")], "b/y"],
    [[symlink("one", "two"), symlink("two", "three/four"), file("one/y")], "three/four/y"],
    [[symlink("up", "../../.."), file("up/y")], "y"],
  ];
  for (const [entries, path] of cases) {
    const tree = treeOf(entries);
    const last = entries.length - 1;
    assert.equal(tree.path(last), path);
    assert.equal(tree.find(path), last);
    assert.equal(tree.fate(last - 1), "visible", "the link stays");
    assert.deepEqual(tree.oddities, [{ entry: last, message: "lies below a link of its own layer: put where that leads" }]);
  }
});

test("links that lead to themselves end: the entry stays where it is named", () => {
  for (const entries of [
    [symlink("l", "l"), file("l/y")],
    [symlink("l", "m"), symlink("m", "l/x"), file("l/y")],
  ]) {
    const tree = treeOf(entries);
    assert.ok(tree.visible(tree.nodeOf(entries.length - 1)) === entries.length - 1);
    assert.ok(tree.oddities.length > 0);
  }
});

test("what engines refuse or take differently is told, with its entry", () => {
  const told = (...layers: Layers): readonly string[] =>
    treeOf(...layers).oddities.map(({ entry, message }) => `${entry} ${message}`);
  assert.deepEqual(told([file("a"), file("a")]), ["1 is stored twice in its layer: the last one counts, engines refuse it"]);
  assert.deepEqual(told([file("a")], [gone("a"), file("a")]), [
    "2 stands beside a whiteout of its name or folder: engines refuse it or differ",
  ]);
  assert.deepEqual(told([file("d/a")], [gone("d"), file("d/b")]), [
    "2 stands beside a whiteout of its name or folder: engines refuse it or differ",
  ]);
  assert.deepEqual(told([file("a")], [file("a/b")]), ["1 lies below what is no folder: runtimes differ in where it goes"]);
  assert.deepEqual(told([{ path: ".wh..wh..opq" }]), [
    "0 an opaque marker at the root: overlay file systems ignore it, other runtimes do not",
  ]);
  const many = treeOf(Array.from({ length: 3000 }, () => file("a")));
  assert.equal(many.oddities.length, 1000);
});

test("random stacks give what the same rules give over plain maps of texts", () => {
  for (let seed = 1; seed <= 400; seed++) compareWithPlainRules(randomStack(seed), `seed ${seed}`);
});

const hostilePath = fc.constantFrom("a", "b", "a/a", "a/b", "b/a/c", "a/a/a");
const hostileEntry: fc.Arbitrary<TestEntry> = fc.oneof(
  hostilePath.map((path) => file(path)),
  hostilePath.map(folder),
  hostilePath.map(gone),
  hostilePath.map(opaque),
  fc.tuple(hostilePath, hostilePath).map(([path, link]) => hardLink(path, link)),
);

test("stacks that no engine takes (names twice, markers beside content) follow the same rules", () => {
  fc.assert(
    fc.property(fc.array(fc.array(hostileEntry, { maxLength: 7 }), { maxLength: 5 }), (layers) =>
      compareWithPlainRules(layers, ""),
    ),
    { numRuns: 1000, seed: 1 },
  );
});

function compareWithPlainRules(layers: Layers, what: string): void {
  const tree = treeOf(...layers);
  const plain = stackPlainly(layers);
  const first = layers.map((_, layer) => layers.slice(0, layer).reduce((sum, { length }) => sum + length, 0));
  const name = (entry: number): string => `${tree.layerOf(entry)}:${entry - (first[tree.layerOf(entry)] ?? 0)}`;
  const ours = [...tree.all()].map((entry) => `${tree.path(entry)} ${name(entry)} with ${name(tree.contentOf(entry))}`);
  const theirs = [...plain.shown].map(([path, { layer, place, content }]) => `${path} ${layer}:${place} with ${content}`);
  assert.deepEqual(ours.sort(), theirs.sort(), what);
  for (let entry = 0; entry < tree.entryCount; entry++) {
    assert.deepEqual(
      { fate: tree.fate(entry), hiddenBy: tree.hiddenBy(entry) },
      plain.fates.get(name(entry)),
      `${what} ${name(entry)}`,
    );
  }
}

test("resolve follows links inside the image, at most 40, and `..` ends at the root", () => {
  const chain = Array.from({ length: 41 }, (_, index) => symlink(`n${index}`, index === 40 ? "usr/lib" : `n${index + 1}`));
  const tree = treeOf([
    folder("usr"),
    folder("usr/lib"),
    file("usr/lib/x"),
    symlink("lib", "usr/lib"),
    symlink("absolute", "/usr/lib/x"),
    symlink("usr/up", "../../../etc"),
    folder("etc"),
    symlink("etc/relative", "../lib/./x"),
    symlink("loop", "pool"),
    symlink("pool", "./loop"),
    symlink("self", "self/x"),
    symlink("dangling", "nowhere"),
    symlink("empty", "/"),
    hardLink("twin", "lib"),
    ...chain,
  ]);
  const cases: readonly [string, string | undefined][] = [
    ["usr/lib/x", "usr/lib/x"],
    ["/usr//lib/./x", "usr/lib/x"],
    ["lib/x", "usr/lib/x"],
    ["lib", "usr/lib"],
    ["lib/../lib/x", "usr/lib/x"],
    ["../../lib/x", "usr/lib/x"],
    ["absolute", "usr/lib/x"],
    ["usr/up/relative", "usr/lib/x"],
    ["twin/x", "usr/lib/x"],
    ["n1", "usr/lib"],
    ["n1/x", "usr/lib/x"],
    ["n0", undefined],
    ["loop", undefined],
    ["self", undefined],
    ["dangling", undefined],
    ["usr/lib/none", undefined],
    ["usr/lib/x/y", undefined],
  ];
  for (const [path, target] of cases) {
    const entry = tree.resolve(path);
    assert.equal(entry < 0 ? undefined : tree.path(entry), target, path);
  }
  assert.equal(tree.find("lib/x"), -1, "find follows no links");
  assert.equal(tree.path(tree.find("lib")), "lib");
});

test("resolve takes link targets of any form and length", () => {
  const long = `${"./".repeat(30_000)}x`;
  const tree = treeOf([
    file("x"),
    symlink("long", long),
    symlink("slashes", "/".repeat(60_000)),
    symlink("dots", "../".repeat(20_000)),
  ]);
  assert.equal(tree.path(tree.resolve("long")), "x");
  assert.equal(tree.path(tree.resolve("slashes/x")), "x");
  assert.equal(tree.path(tree.resolve("dots/x")), "x");
});

test("glob: names, stars within a name, any number of folders, bytes that have a meaning elsewhere", () => {
  const tree = treeOf(
    [
      file("usr/lib/python3.11/site-packages/a/RECORD"),
      file("usr/lib/python3.11/RECORD"),
      file("opt/x/RECORD"),
      file("RECORD"),
      file("a.list"),
      file("axlist"),
      file(".list"),
      file("a+b(c)"),
      file("caf\xe9"),
      file("new\nline"),
      file("d/old"),
    ],
    [gone("d/old"), file("d/new")],
  );
  const cases: readonly [string, readonly string[]][] = [
    ["**/RECORD", ["RECORD", "opt/x/RECORD", "usr/lib/python3.11/RECORD", "usr/lib/python3.11/site-packages/a/RECORD"]],
    ["usr/lib/python*/RECORD", ["usr/lib/python3.11/RECORD"]],
    ["usr/**/site-packages/*/RECORD", ["usr/lib/python3.11/site-packages/a/RECORD"]],
    ["**/x/**/RECORD", ["opt/x/RECORD"]],
    ["*.list", [".list", "a.list"]],
    ["a+b(c)", ["a+b(c)"]],
    ["a+*", ["a+b(c)"]],
    ["caf*", ["caf\xe9"]],
    ["new*line", ["new\nline"]],
    ["d/*", ["d/new"]],
    ["none/**/x", []],
  ];
  for (const [pattern, paths] of cases) {
    const found = [...tree.glob(pattern)].map((node) => tree.paths.path(node)).sort();
    assert.deepEqual(found, [...paths], pattern);
  }
  const ofAll = (pattern: string): readonly string[] => [...tree.globAll(pattern)].map((node) => tree.paths.path(node));
  assert.deepEqual([ofAll("*/old"), ofAll("d/new"), [...tree.glob("*/old")]], [["d/old"], ["d/new"], []]);
});

test("stored gives all entries of a path, the lowest first, and columns are those of the entry's layer", () => {
  const tree = treeOf(
    [{ path: "a", content: "one", uid: 1, mode: 0o600, mtime: 5.5, xattrs: { "user.x": "\xff" } }, file("b")],
    [{ path: "a", content: "three", gid: 7 }],
    [symlink("a", "b")],
  );
  const stored = tree.stored(tree.paths.find("a"));
  assert.deepEqual(stored, [0, 2, 3]);
  assert.deepEqual(stored.map(tree.layerOf), [0, 1, 2]);
  assert.deepEqual(stored.map(tree.size), [3, 5, 0]);
  assert.deepEqual(stored.map(tree.owner), ["1:0", "0:7", "0:0"]);
  assert.deepEqual([tree.mode(0), tree.mtime(0), tree.xattrs(0).get("user.x"), tree.xattrs(1).size], [0o600, 5.5, "\xff", 0]);
  assert.deepEqual(stored.map(tree.type), ["file", "file", "symlink"]);
  assert.deepEqual(stored.map(tree.symlink), [undefined, undefined, "b"]);
  assert.equal(tree.hash(3), "");
  assert.equal(tree.hash(0).length, 32);
  assert.notEqual(tree.hash(0), tree.hash(2));
  // PAX header and record for the attribute and the half second, the header, the content.
  assert.deepEqual([0, 1, 2, 3].map(tree.tarBytes), [2048, 1024, 1024, 512]);
  assert.throws(() => tree.size(4), RangeError);
  assert.throws(() => tree.size(-1), RangeError);
});

test("30,000 folders deep: stacked, walked, removed, resolved and matched without a stack overflow", () => {
  const deep = `${"d/".repeat(30_000)}f`;
  const tree = treeOf([file(deep)], [gone("d")], [file(deep)]);
  assert.deepEqual(fatesOf(tree), ["below-removed by 1", "marker", "visible"]);
  assert.equal([...tree.all()].length, 1);
  assert.equal(tree.resolve(deep), 2);
  assert.deepEqual([...tree.glob("**/f")], [tree.nodeOf(2)]);
});

test("a folder with 150,000 files in it can be removed, walked and replaced", () => {
  const many = Array.from({ length: 150_000 }, (_, number) => ({ path: `top/d/${number}` }));
  const layer = indexOf(tarOf(many), []);
  const tree = createFileTree([layer, indexOf(tarOf([gone("top")]), [])]);
  assert.equal(tree.fate(149_999), "below-removed");
  const all = createFileTree([layer]);
  assert.equal([...all.within(all.paths.find("top"))].length, 150_000);
  assert.equal(createFileTree([layer, indexOf(tarOf([file("top")]), [])]).fate(0), "replaced");
});

test("no layers, and layers without entries", () => {
  assert.deepEqual(shown(treeOf()), []);
  assert.equal(treeOf().resolve("a"), -1);
  const tree = treeOf([], [file("a")], []);
  assert.deepEqual([tree.layerOf(0), shown(tree)], [1, ["a"]]);
});
