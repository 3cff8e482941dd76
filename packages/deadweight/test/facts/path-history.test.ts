import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createFileTree, fileTree, type FileTree } from "../../src/facts/file-tree.ts";
import { pathHistory, type PathHistory } from "../../src/facts/path-history.ts";
import { factsOf, indexOf, tarOf, type TestEntry } from "../support/layers.ts";

interface Told {
  readonly dead: readonly string[];
  readonly rewritten: readonly string[];
  readonly history: PathHistory;
  /** The number of the entry at a place in a layer. */
  readonly entry: (layer: number, place: number) => number;
}

function told(...layers: readonly (readonly TestEntry[])[]): Told {
  const facts = factsOf(layers);
  const tree = facts.get(fileTree);
  const history = facts.get(pathHistory);
  const named = (entry: number): string => `${tree.layerOf(entry)}:${tree.path(entry)}`;
  const entry = (layer: number, place: number): number => {
    return layers.slice(0, layer).reduce((sum, { length }) => sum + length, place);
  };
  return { dead: history.dead.map(named).sort(), rewritten: history.rewritten.map(named).sort(), history, entry };
}

const file = (path: string, content: string, rest: Partial<TestEntry> = {}): TestEntry => ({ path, content, ...rest });
const folder = (path: string): TestEntry => ({ path: `${path}/` });
const hardLink = (path: string, link: string, rest: Partial<TestEntry> = {}): TestEntry => ({
  path,
  type: "hardlink",
  link,
  ...rest,
});
const symlink = (path: string, link: string, rest: Partial<TestEntry> = {}): TestEntry => ({
  path,
  type: "symlink",
  link,
  ...rest,
});

test("chown, chmod and touch repeat content: the lowest copy stays", () => {
  const { dead, rewritten, history, entry } = told(
    [file("a", "x")],
    [file("a", "x", { uid: 1000 })],
    [file("a", "x", { uid: 1000, mode: 0o755 })],
    [file("a", "x", { uid: 1000, mode: 0o755, mtime: 5 })],
  );
  assert.deepEqual(dead, []);
  assert.deepEqual(rewritten, ["1:a", "2:a", "3:a"]);
  assert.deepEqual(
    history.rewrites.map(({ changes }) => changes),
    [["owner"], ["mode"], ["mtime"]],
  );
  assert.equal(history.stays(entry(3, 0)), entry(0, 0));
});

test("what changes is told, and that nothing did", () => {
  const changesOf = (before: Partial<TestEntry>, after: Partial<TestEntry>): unknown =>
    told([file("a", "x", before)], [file("a", "x", after)]).history.rewrites.map(({ changes }) => changes);
  assert.deepEqual(changesOf({}, {}), [[]]);
  assert.deepEqual(changesOf({ gid: 1 }, { gid: 2 }), [["owner"]]);
  assert.deepEqual(changesOf({}, { xattrs: { "user.a": "1" } }), [["xattrs"]]);
  assert.deepEqual(changesOf({ xattrs: { "user.a": "1" } }, { xattrs: { "user.a": "2" } }), [["xattrs"]]);
  assert.deepEqual(changesOf({ xattrs: { "user.a": "1" } }, { xattrs: { "user.a": "1" } }), [[]]);
  assert.deepEqual(changesOf({}, { uid: 1, mode: 0o600, mtime: 9 }), [["owner", "mode", "mtime"]]);
});

test("below other content a copy is dead, and only the run on top is a rewrite", () => {
  const { dead, rewritten, history, entry } = told([file("a", "x")], [file("a", "y")], [file("a", "y", { uid: 1 })]);
  assert.deepEqual(dead, ["0:a"]);
  assert.deepEqual(rewritten, ["2:a"]);
  assert.equal(history.stays(entry(2, 0)), entry(1, 0));
});

test("what was removed in between is dead, though it comes back with the same content", () => {
  const { dead, rewritten } = told([file("a", "x")], [file(".wh.a", "")], [file("a", "x")]);
  assert.deepEqual(dead, ["0:a", "1:a"]);
  assert.deepEqual(rewritten, []);
});

test("nothing visible: all is dead, the marker too", () => {
  const { dead, rewritten } = told([file("a", "x")], [file("a", "x", { uid: 1 })], [file(".wh.a", "")]);
  assert.deepEqual(dead, ["0:a", "1:a", "2:a"]);
  assert.deepEqual(rewritten, []);
});

test("a link is a rewrite when its target is the same, dead when not", () => {
  const same = told([symlink("l", "x")], [symlink("l", "x", { uid: 1 })]);
  assert.deepEqual([same.dead, same.rewritten], [[], ["1:l"]]);
  const other = told([symlink("l", "x")], [symlink("l", "y")]);
  assert.deepEqual([other.dead, other.rewritten], [["0:l"], []]);
  const became = told([file("l", "x")], [symlink("l", "x")]);
  assert.deepEqual([became.dead, became.rewritten], [["0:l"], []]);
});

test("hard links of one file are rewritten together", () => {
  const { dead, rewritten } = told(
    [file("a", "x"), hardLink("b", "a")],
    [file("a", "x", { uid: 1 }), hardLink("b", "a", { uid: 1 })],
  );
  assert.deepEqual(dead, []);
  assert.deepEqual(rewritten, ["1:a", "1:b"]);
});

test("a new hard link holds the new copy in place, so that the old one is dead", () => {
  const { dead, rewritten, history, entry } = told([file("a", "x")], [file("a", "x", { uid: 1 }), hardLink("c", "a")]);
  assert.deepEqual(dead, ["0:a"]);
  assert.deepEqual(rewritten, []);
  assert.equal(history.stays(entry(1, 0)), entry(1, 0));
});

test("a copy that is the lowest of another name is not rewritten away", () => {
  const { dead, rewritten } = told(
    [file("a", "x")],
    [file("a", "x", { uid: 1 }), hardLink("b", "a")],
    [file("a", "x", { uid: 2 }), hardLink("b", "a", { uid: 2 })],
  );
  assert.deepEqual(dead, []);
  assert.deepEqual(rewritten, ["2:a", "2:b"]);
});

test("of a rewritten pair of names one is removed: the content counts once", () => {
  const { dead, rewritten } = told(
    [file("a", "x"), hardLink("b", "a")],
    [file("a", "x", { uid: 1 }), hardLink("b", "a", { uid: 1 })],
    [file(".wh.a", "")],
  );
  // Layer 0 keeps `a`, which carries the content of `b`; so the marker must go on hiding it.
  assert.deepEqual(dead, []);
  assert.deepEqual(rewritten, ["1:a", "1:b"]);
});

test("a hidden name whose content another name uses is alive, and its marker needed", () => {
  assert.deepEqual(told([file("a", "x"), hardLink("b", "a")], [file(".wh.a", "")]).dead, []);
  assert.deepEqual(told([file("a", "x"), hardLink("b", "a")], [file(".wh.b", "")]).dead, ["0:b", "1:b"]);
  assert.deepEqual(told([file("a", "x"), hardLink("b", "a")], [file(".wh.a", ""), file(".wh.b", "")]).dead, [
    "0:a",
    "0:b",
    "1:a",
    "1:b",
  ]);
});

test("a folder that is stored again is alive, until the folder is removed", () => {
  const layers = [
    [folder("d"), file("d/x", "x")],
    [folder("d"), file("d/y", "y")],
  ];
  assert.deepEqual(told(...layers).dead, []);
  const { dead, history, entry } = told(...layers, [file(".wh.d", "")]);
  assert.deepEqual(dead, ["0:d", "0:d/x", "1:d", "1:d/y", "2:d"]);
  assert.deepEqual([history.fate(entry(0, 0)), history.hiddenBy(entry(0, 0))], ["removed", 2]);
  assert.deepEqual([history.fate(entry(0, 1)), history.hiddenBy(entry(0, 1))], ["below-removed", 2]);
});

test("a folder and a file take each other's place", () => {
  const { dead, history, entry } = told([folder("d"), file("d/x", "x")], [file("d", "")]);
  assert.deepEqual(dead, ["0:d", "0:d/x"]);
  assert.equal(history.fate(entry(0, 1)), "replaced");
  assert.deepEqual(told([file("a", "x")], [folder("a")]).dead, ["0:a"]);
});

test("of what one layer stores twice the last stays, and the first is no copy to rewrite", () => {
  const { dead, rewritten, history, entry } = told([file("a", "x"), file("a", "x", { uid: 1 })]);
  assert.deepEqual([dead, rewritten], [["0:a"], []]);
  assert.deepEqual(history.dead, [entry(0, 0)]);
  assert.equal(history.fate(entry(0, 0)), "repeated");
});

test("a marker that hides nothing is dead", () => {
  assert.deepEqual(told([file("a", "x")], [file(".wh.b", "")]).dead, ["1:b"]);
  assert.deepEqual(told([folder("d")], [folder("d"), file("d/.wh..wh..opq", "")]).dead, ["1:d"]);
});

const names = ["a", "b", "d/a", "d/b", "d/f/a", "d/f/b"];
const entryOf: fc.Arbitrary<TestEntry> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ path: fc.constantFrom(...names, "d"), content: fc.constantFrom("x", "y"), uid: fc.nat(1) }),
  },
  { weight: 2, arbitrary: fc.constantFrom("d/", "d/f/").map((path) => ({ path })) },
  { weight: 2, arbitrary: fc.constantFrom(".wh.a", ".wh.d", "d/.wh.a", "d/.wh.f", "d/.wh..wh..opq").map((path) => ({ path })) },
  { weight: 1, arbitrary: fc.constantFrom(...names).map((path): TestEntry => ({ path, type: "symlink", link: "x" })) },
  {
    weight: 3,
    arbitrary: fc
      .record({ path: fc.constantFrom(...names), link: fc.constantFrom(...names) })
      .map((names): TestEntry => ({ type: "hardlink", ...names })),
  },
);

/** A layer in which each hard link leads to a file or link before it, no path comes twice, and nothing lies below a file. */
const layerOf: fc.Arbitrary<TestEntry[]> = fc
  .uniqueArray(entryOf, { selector: ({ path }) => path.replace(/\/$/, ""), maxLength: 8 })
  .map((entries) => {
    const known = new Set<string>();
    const isFile = entries.some(({ path }) => path === "d");
    return entries.filter(({ path, type, link }) => {
      const isFine = (type !== "hardlink" || (link !== undefined && known.has(link))) && !(isFile && path.startsWith("d/"));
      if (isFine && !path.includes(".wh.") && !path.endsWith("/")) known.add(path);
      return isFine;
    });
  });

function treeOf(layers: readonly (readonly TestEntry[])[]): FileTree {
  return createFileTree(layers.map((layer) => indexOf(tarOf(layer))));
}

interface Shown {
  readonly content: readonly string[];
  readonly exact: readonly string[];
}

/** What a container sees: paths with type and content, and with their metadata. */
function shown(layers: readonly (readonly TestEntry[])[]): Shown {
  const tree = treeOf(layers);
  const content = (entry: number): string => {
    const carrier = tree.contentOf(entry);
    return JSON.stringify([tree.path(entry), tree.type(carrier), tree.hash(carrier), tree.symlink(carrier)]);
  };
  const entries = [...tree.all()];
  const exact = (entry: number): string => `${content(entry)} ${tree.owner(tree.contentOf(entry))} ${tree.mode(entry)}`;
  return { content: entries.map(content).sort(), exact: entries.map(exact).sort() };
}

/** The layers without these entries; links that led through one of them lead to what carries their content. */
function without(layers: readonly (readonly TestEntry[])[], gone: ReadonlySet<number>): TestEntry[][] {
  const tree = treeOf(layers);
  let number = 0;
  return layers.map((layer) =>
    layer.flatMap((entry): TestEntry[] => {
      const at = number++;
      if (gone.has(at)) return [];
      return [entry.type === "hardlink" ? { ...entry, link: tree.path(tree.contentOf(at)) } : entry];
    }),
  );
}

test("a whiteout below what is a file is not dead: it makes a folder of the file, which hid more", () => {
  const linked: TestEntry[] = [
    { path: "d/f/b", type: "symlink", link: "x" },
    { path: "a", type: "hardlink", link: "d/f/b" },
  ];
  assert.deepEqual(factsOf([linked, [{ path: "d", content: "x" }], [{ path: "d/.wh.a" }]]).get(pathHistory).dead, []);
});

test("an image without its dead entries shows the same, and without its rewrites the same content", () => {
  fc.assert(
    fc.property(fc.array(layerOf, { minLength: 1, maxLength: 4 }), (layers) => {
      const { dead, rewritten } = factsOf(layers).get(pathHistory);
      assert.deepEqual(shown(without(layers, new Set(dead))).exact, shown(layers).exact);
      assert.deepEqual(shown(without(layers, new Set([...dead, ...rewritten]))).content, shown(layers).content);
      assert.equal(new Set([...dead, ...rewritten]).size, dead.length + rewritten.length, "no entry is both");
    }),
    { numRuns: Number(process.env["DEADWEIGHT_RUNS"] ?? 400) },
  );
});
