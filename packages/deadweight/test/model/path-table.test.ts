import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { UserError } from "../../src/lib/user-error.ts";
import { PathTable, rootNode } from "../../src/model/path-table.ts";
import { collidingNames } from "../support/colliding-names.ts";

const name = fc.oneof(
  fc.constantFrom("a", "b", "usr", "..", ".", "", "__proto__", "constructor", "caf\xe9", "caf\xc3\xa9", "A"),
  fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 6 }).map((codes) => String.fromCharCode(...codes).replaceAll("/", "-")),
);
const path = fc.array(name, { maxLength: 6 }).map((names) => names.join("/"));

/** What a path is without its empty and `.` segments, `..` ending at the root. */
function clean(path: string): string {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names.join("/");
}

test("many paths at once are found as one by one, the root and what is not there left out", () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 30 }), fc.array(path, { maxLength: 30 }), (there, asked) => {
      const table = new PathTable();
      for (const path of there) table.intern(path);
      const paths = [...asked, ...there].toSorted();
      const expected = paths.map((path) => table.find(path)).filter((node) => node > rootNode);
      assert.deepEqual([...table.findAll(paths)], expected);
    }),
    { numRuns: 200 },
  );
});

test("one node for one path, a path for each node", () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 60, size: "max" }), (paths) => {
      const table = new PathTable();
      const nodes = new Map<string, number>();
      for (const path of paths) {
        const node = table.intern(path);
        assert.equal(table.path(node), clean(path));
        assert.equal(nodes.get(clean(path)) ?? node, node);
        nodes.set(clean(path), node);
      }
      for (const [path, node] of nodes) assert.equal(table.find(path), node);
      assert.equal(table.find("not/there"), -1);
      for (let node = 1; node < table.count; node++) {
        const parent = table.parent(node);
        assert.ok(parent < node);
        assert.equal(table.findChild(parent, table.name(node)), node);
        assert.ok([...table.children(parent)].includes(node));
        assert.ok(table.isWithin(node, parent) && table.isWithin(node, rootNode) && !table.isWithin(parent, node));
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});

test("the root has no name, and is found by every spelling of it", () => {
  const table = new PathTable();
  for (const spelling of ["", "/", ".", "./", "..", "a/.."]) assert.equal(table.intern(spelling), rootNode);
  assert.equal(table.path(rootNode), "");
  assert.equal(table.parent(rootNode), rootNode);
});

test("names are bytes: what differs in one byte, in case or in its form of Unicode stays two names", () => {
  const table = new PathTable();
  const names = ["caf\xe9", "caf\xe8", "cafe\xcc\x81", "caf\xc3\xa9", "CAFE", "cafe", "back\\slash", "new\nline", "\x1b[31m"];
  assert.equal(new Set(names.map((name) => table.intern(name))).size, names.length);
  for (const name of names) assert.equal(table.path(table.find(name)), name);
});

test("isWithin follows folders, not names that begin alike", () => {
  const table = new PathTable();
  const [folder, below, beside] = [table.intern("usr/lib"), table.intern("usr/lib/x/y"), table.intern("usr/library")];
  assert.ok(table.isWithin(below, folder));
  assert.ok(table.isWithin(folder, folder));
  assert.ok(!table.isWithin(beside, folder));
});

test("merge and data give the same paths in another table", () => {
  fc.assert(
    fc.property(fc.array(path), fc.array(path), (first, second) => {
      const [one, other] = [new PathTable(), new PathTable()];
      for (const path of first) one.intern(path);
      for (const path of second) other.intern(path);
      const copy = PathTable.from(other.data());
      assert.deepEqual(copy.data(), other.data());
      const nodes = one.merge(other);
      assert.equal(nodes.length, other.count);
      for (let node = 0; node < other.count; node++) assert.equal(one.path(nodes[node] ?? -1), other.path(node));
    }),
    { numRuns: 200, seed: 2 },
  );
});

test("names chosen to hash alike are refused before they cost minutes", () => {
  // The state that the hash begins with for names right below the root: FNV's basis, times its prime.
  const names = collidingNames(Math.imul(0x811c9dc5, 0x01000193), 13);
  const table = new PathTable();
  const isRefused = (error: unknown): boolean => error instanceof UserError && error.code === "limit";
  assert.throws(() => names.forEach((name) => table.intern(name)), isRefused);
  assert.ok(table.count > 1000 && table.count < 2000, `${table.count} were taken`);
  const first = names[0] ?? "";
  assert.equal(table.path(table.find(first)), first);
});

test("half a million paths: all are found, none twice", () => {
  const table = new PathTable();
  const count = 500_000;
  for (let number = 0; number < count; number++) table.intern(`d${number % 500}/f${number}`);
  assert.equal(table.count, 1 + 500 + count);
  for (let number = 0; number < count; number += 997)
    assert.equal(table.path(table.find(`d${number % 500}/f${number}`)), `d${number % 500}/f${number}`);
});

test("30,000 folders deep, and a name of 64 KiB", () => {
  const table = new PathTable();
  const deep = Array.from({ length: 30_000 }, () => "d").join("/");
  const node = table.intern(deep);
  assert.equal(table.path(node), deep);
  assert.equal(table.find(deep), node);
  assert.ok(table.isWithin(node, table.find("d")));
  assert.equal(PathTable.from(table.data()).find(deep), node);
  const long = "n".repeat(65_536);
  assert.equal(table.name(table.intern(`x/${long}`)), long);
});
