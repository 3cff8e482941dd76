import assert from "node:assert/strict";
import { test } from "node:test";
import type { EntryEdit } from "../../../src/contracts/transform.ts";
import { indexOf, tarOf, type TestEntry } from "../../support/layers.ts";
import { readTar } from "../../support/tar-reading.ts";
import { editLayer, listed } from "./edited-layer.ts";

/** The archive's lines after edits of the entries with these paths. */
function edited(entries: readonly TestEntry[], edits: Readonly<Record<string, EntryEdit>>): readonly string[] {
  return listed(editLayer(tarOf(entries), editsOf(entries, edits)));
}

function editsOf(entries: readonly TestEntry[], edits: Readonly<Record<string, EntryEdit>>): ReadonlyMap<number, EntryEdit> {
  return new Map(Object.entries(edits).map(([path, edit]) => [placeOf(entries, path), edit]));
}

function placeOf(entries: readonly TestEntry[], path: string): number {
  const place = entries.findIndex((entry) => entry.path === path);
  assert.ok(place >= 0, path);
  return place;
}

const remove: EntryEdit = { action: "remove" };
const hide: EntryEdit = { action: "hide" };

test("what is not edited stays to the byte, with everything behind the entries", () => {
  const [one, two, three] = [
    { path: "a", content: "1" },
    { path: "b", content: "22" },
    { path: `long/${"n".repeat(200)}`, content: "3", xattrs: { "user.k": "v" }, mtime: 1.5 },
  ];
  const behind = Buffer.concat([new Uint8Array(4096), Buffer.from("anything")]);
  const archive = Buffer.concat([tarOf([one, two, three]), behind]);
  assert.deepEqual(editLayer(archive, new Map()), archive);
  assert.deepEqual(editLayer(archive, new Map([[1, remove]])), Buffer.concat([tarOf([one, three]), behind]));
});

test("an entry of any kind can be removed: its headers, content and padding go", () => {
  const entries: readonly TestEntry[] = [
    { path: "d/" },
    { path: "d/.wh.gone", type: "whiteout" },
    { path: "d/.wh..wh..opq", type: "opaque" },
    { path: "d/l", type: "symlink", link: "x" },
    { path: "d/f", content: "x".repeat(1000) },
    { path: "d/p", type: "fifo" },
  ];
  assert.deepEqual(
    edited(entries, { "d/.wh.gone": remove, "d/.wh..wh..opq": remove, "d/f": remove }),
    listed(tarOf(entries.filter(({ path }) => ["d/", "d/l", "d/p"].includes(path)))),
  );
});

test("the first hard link that stays takes over the content, its own entry goes, the others lead to it", () => {
  const content = "content";
  const entries: readonly TestEntry[] = [
    { path: "a", content, mode: 0o755, uid: 3 },
    { path: "x", content: "between" },
    { path: "b", type: "hardlink", link: "a", mode: 0o755, uid: 3 },
    { path: "c", type: "hardlink", link: "a", mode: 0o755, uid: 3 },
    { path: "d", type: "hardlink", link: "b", mode: 0o755, uid: 3 },
  ];
  assert.deepEqual(edited(entries, { a: remove }), [
    "0 b 7 3:0 755",
    "0 x 7 0:0 644",
    "1 c -> b 0 3:0 755",
    "1 d -> b 0 3:0 755",
  ]);
  assert.deepEqual(edited(entries, { a: remove, b: remove }), ["0 c 7 3:0 755", "0 x 7 0:0 644", "1 d -> c 0 3:0 755"]);
  assert.deepEqual(edited(entries, { b: remove }), [
    "0 a 7 3:0 755",
    "0 x 7 0:0 644",
    "1 c -> a 0 3:0 755",
    "1 d -> a 0 3:0 755",
  ]);
  assert.deepEqual(edited(entries, { a: remove, b: remove, c: remove, d: remove }), ["0 x 7 0:0 644"]);
  const after = readTar(editLayer(tarOf(entries), editsOf(entries, { a: remove })));
  const before = readTar(tarOf(entries));
  assert.equal(after.entries[0]?.sha256, before.entries[0]?.sha256);
});

test("a link whose target stays keeps its bytes", () => {
  const entries: readonly TestEntry[] = [
    { path: "a", content: "1" },
    { path: "b", type: "hardlink", link: "a", mtime: 1.25 },
    { path: "c", type: "hardlink", link: "b", mtime: 1.25 },
  ];
  const archive = tarOf(entries);
  const after = editLayer(archive, editsOf(entries, { a: remove }));
  const { starts } = indexOf(archive);
  assert.deepEqual(after.subarray(-2048 - 512), archive.subarray(starts[2]));
});

test("the name that takes over comes after its folders, which move before it when all candidates' come later", () => {
  const entries: readonly TestEntry[] = [
    { path: "a/" },
    { path: "a/f", content: "1" },
    { path: "b/", mode: 0o700, uid: 7 },
    { path: "b/c/" },
    { path: "b/c/f", type: "hardlink", link: "a/f" },
    { path: "a/g", type: "hardlink", link: "a/f" },
  ];
  assert.deepEqual(edited(entries, { "a/f": remove }), [
    "5 a/ 0 0:0 755",
    "0 a/g 1 0:0 644",
    "5 b/ 0 7:0 700",
    "5 b/c/ 0 0:0 755",
    "1 b/c/f -> a/g 0 0:0 644",
  ]);
  assert.deepEqual(edited(entries, { "a/f": remove, "a/g": remove }), [
    "5 a/ 0 0:0 755",
    "5 b/ 0 7:0 700",
    "5 b/c/ 0 0:0 755",
    "0 b/c/f 1 0:0 644",
  ]);
});

test("extended attributes that only the content's entry has come along with the content", () => {
  const entries: readonly TestEntry[] = [
    { path: "a", content: "1", xattrs: { "security.capability": "\x01\0\0\x02" } },
    { path: "b", type: "hardlink", link: "a" },
    { path: "c", type: "hardlink", link: "a" },
  ];
  const { entries: after } = readTar(editLayer(tarOf(entries), new Map([[0, remove]])));
  for (const entry of after) assert.equal(entry.pax.get("SCHILY.xattr.security.capability"), "\x01\0\0\x02", entry.name);
});

test("a link to a symlink or a device takes over what that is", () => {
  const entries: readonly TestEntry[] = [
    { path: "s", type: "symlink", link: "target" },
    { path: "t", type: "hardlink", link: "s" },
  ];
  assert.deepEqual(edited(entries, { s: remove }), ["2 t -> target 0 0:0 644"]);
});

test("a file becomes a hard link, behind the one that has the content", () => {
  const entries: readonly TestEntry[] = [
    { path: "a", content: "same" },
    { path: "b", content: "same" },
    { path: "c", content: "same" },
    { path: "d", type: "hardlink", link: "c" },
  ];
  const before = ["0 a 4 0:0 644", "1 b -> a 0 0:0 644", "1 c -> a 0 0:0 644", "1 d -> c 0 0:0 644"];
  assert.deepEqual(edited(entries, { b: { action: "link", to: 0 }, c: { action: "link", to: 0 } }), before);
  // The target stands behind what is to lead to it: they change places.
  assert.deepEqual(edited(entries, { a: { action: "link", to: 2 }, b: { action: "link", to: 2 } }), before);
  assert.deepEqual(edited(entries, { a: remove, b: { action: "link", to: 2 } }), [
    "0 b 4 0:0 644",
    "1 c -> b 0 0:0 644",
    "1 d -> c 0 0:0 644",
  ]);
});

test("what differs is never made one file", () => {
  const archive = tarOf([
    { path: "a", content: "one" },
    { path: "b", content: "two" },
    { path: "l", type: "symlink", link: "a" },
  ]);
  for (const to of [0, 2, 9]) {
    assert.throws(() => editLayer(archive, new Map([[1, { action: "link", to }]])), RangeError);
  }
  assert.throws(() => editLayer(archive, new Map([[3, remove]])), RangeError);
});

test("a hidden name becomes a whiteout of its time", () => {
  const entries: readonly TestEntry[] = [
    { path: "d/" },
    { path: "d/f", content: "1", mtime: 1234 },
    { path: "top", content: "2" },
    { path: "s/" },
    { path: "s/g", content: "3" },
  ];
  const after = editLayer(tarOf(entries), editsOf(entries, { "d/f": hide, top: hide, "s/": hide, "s/g": remove }));
  assert.deepEqual(listed(after), ["5 d/ 0 0:0 755", "0 d/.wh.f 0 0:0 0", "0 .wh.top 0 0:0 0", "0 .wh.s 0 0:0 0"]);
  assert.equal(readTar(after).entries[1]?.mtime, 1234);
});

test("a name is hidden without a whiteout where engines refuse one", () => {
  const withChild: readonly TestEntry[] = [
    { path: "d/", mode: 0o700 },
    { path: "d/f", content: "1" },
  ];
  assert.deepEqual(edited(withChild, { "d/": hide }), ["5 d/ 0 0:0 700", "0 d/.wh..wh..opq 0 0:0 0", "0 d/f 1 0:0 644"]);
  const withMarker: readonly TestEntry[] = [...withChild, { path: "d/.wh..wh..opq", type: "opaque" }];
  assert.deepEqual(edited(withMarker, { "d/": hide }), listed(tarOf(withMarker)));
  const twice: readonly TestEntry[] = [
    { path: "f", content: "1" },
    { path: "f", content: "22" },
  ];
  assert.deepEqual(edited(twice, { f: hide }), ["0 f 2 0:0 644"]);
  const hiddenAlready: readonly TestEntry[] = [
    { path: ".wh.f", type: "whiteout" },
    { path: "f", content: "1" },
  ];
  assert.deepEqual(edited(hiddenAlready, { f: hide, ".wh.f": hide }), ["0 .wh.f 0 0:0 644"]);
});

test("a hidden name leaves its content to the link that stays", () => {
  const entries: readonly TestEntry[] = [
    { path: "a", content: "1" },
    { path: "b", type: "hardlink", link: "a" },
  ];
  assert.deepEqual(edited(entries, { a: hide }), ["0 .wh.a 0 0:0 0", "0 b 1 0:0 644"]);
  assert.deepEqual(edited(entries, { b: hide }), ["0 a 1 0:0 644", "0 .wh.b 0 0:0 0"]);
});

test("attributes are taken, content and name stay, all names of the file agree", () => {
  const entries: readonly TestEntry[] = [
    { path: "./a", content: "1", xattrs: { "user.old": "1" } },
    { path: "./b", type: "hardlink", link: "a", xattrs: { "user.old": "1" } },
    { path: "./d/" },
    { path: "./s", type: "symlink", link: "a" },
    { path: "./of", content: "1", mode: 0o4711, uid: 5_000_000, gid: 6, mtime: 99.5, xattrs: { "user.new": "2" } },
  ];
  const take: EntryEdit = { action: "take-attributes", of: 4 };
  const after = editLayer(tarOf(entries), editsOf(entries, { "./a": take, "./d/": take, "./s": take, "./of": remove }));
  assert.deepEqual(listed(after), [
    "0 ./a 1 5000000:6 4711",
    "1 ./b -> a 0 5000000:6 4711",
    "5 ./d/ 0 5000000:6 4711",
    "2 ./s -> a 0 5000000:6 4711",
  ]);
  for (const entry of readTar(after).entries) {
    assert.equal(entry.mtime, 99.5);
    assert.equal(entry.pax.get("mtime"), "99.5", "W10: a PAX record tells the fraction");
    assert.equal(entry.pax.get("SCHILY.xattr.user.new"), "2");
    assert.equal(entry.pax.has("SCHILY.xattr.user.old"), false);
  }
});

test("other content comes under the same header but for the size", () => {
  const entries: readonly TestEntry[] = [
    { path: "a", content: "1", mode: 0o600, mtime: 7.125, xattrs: { "user.k": "v" } },
    { path: "b", type: "hardlink", link: "a" },
    { path: "c", content: "3" },
  ];
  const content = new Uint8Array(1025).fill(65);
  const after = editLayer(tarOf(entries), editsOf(entries, { a: { action: "rewrite", content } }));
  assert.deepEqual(after, tarOf([{ ...entries[0], path: "a", content }, ...entries.slice(1)]));
  const apart = edited(entries, { b: { action: "rewrite", content } });
  assert.deepEqual(apart, ["0 a 1 0:0 600", "0 b 1025 0:0 644", "0 c 1 0:0 644"]);
});
