import assert from "node:assert/strict";
import { linkSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultLimits } from "../../../src/archive/limits.ts";
import { encodeHeader, encodePax, padded } from "../../../src/archive/tar-writer.ts";
import { changeHeader, type Attributes, type HeaderChange } from "../../../src/image/rewrite/change-header.ts";
import { patchedHeader } from "../../support/archived-image.ts";
import { readTar, type ReadEntry } from "../../support/tar-reading.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { run } from "../../support/tools.ts";
import { editLayer } from "./edited-layer.ts";

const other: Attributes = { mode: 0o640, uid: 1, gid: 2, mtime: 100, xattrs: new Map([["user.new", "n"]]) };

/** What the changed headers say. */
function changed(raw: Uint8Array, change: HeaderChange): ReadEntry {
  const { entries } = readTar(Buffer.concat([changeHeader(raw, change, defaultLimits), Buffer.alloc(4096)]));
  return entries[0] ?? assert.fail("no entry");
}

test("nothing is lost that is not changed: names, numbers, records that nobody knows", () => {
  const record = {
    typeflag: "0",
    name: `dir/${"é".repeat(80)}`,
    size: 3,
    mode: 0o4755,
    uid: 10_000_000,
    gid: 20_000_000,
    mtime: 1_700_000_000.25,
    uname: "user",
    gname: "grüppe",
    pax: new Map([
      ["mtime", "1700000000.123456789"],
      ["atime", "5.5"],
      ["VENDOR.unknown", "any\0thing=\n"],
      ["SCHILY.xattr.user.old", "o"],
    ]),
  };
  const raw = encodeHeader(record);
  const before = changed(raw, {});
  assert.deepEqual(Buffer.from(changeHeader(raw, {}, defaultLimits)), raw);
  const after = changed(raw, { size: 9 });
  const { pax } = after;
  assert.deepEqual([after.size, after.storedSize], [9, 9]);
  assert.deepEqual({ ...after, size: 3, storedSize: 3, pax: "", sha256: "" }, { ...before, pax: "", sha256: "" });
  assert.equal(pax.get("mtime"), "1700000000.123456789", "all digits of the time");
  assert.equal(pax.get("VENDOR.unknown"), "any\0thing=\n");
});

test("with other attributes come other owner, mode, time and extended attributes, and no names of the old owner", () => {
  const raw = encodeHeader({
    typeflag: "0",
    name: "f",
    uid: 7,
    gid: 2,
    uname: "seven",
    gname: "two",
    mtime: 1.5,
    pax: new Map([
      ["SCHILY.xattr.user.old", "o"],
      ["LIBARCHIVE.xattr.user.old", "bw=="],
      ["comment", "c"],
    ]),
  });
  const { mode, uid, gid, mtime, uname, gname, pax } = changed(raw, { attributes: other });
  assert.deepEqual({ mode, uid, gid, mtime, uname, gname }, { mode: 0o640, uid: 1, gid: 2, mtime: 100, uname: "", gname: "two" });
  assert.deepEqual([...pax.keys()].sort(), ["SCHILY.xattr.user.new", "comment"]);
});

test("W9, W11, W13: no absolute names, no `..`, no size of what has no content, no types but the usual, no global records", () => {
  const plain = encodeHeader({ typeflag: "0", name: "/a/../../b/c" });
  assert.equal(changed(plain, {}).name, "b/c");
  assert.equal(changed(encodeHeader({ typeflag: "5", name: "/" }), { attributes: other }).name, "./");
  const contiguous = patchedHeader(plain, 156, "7");
  assert.equal(changed(contiguous, {}).typeflag, "0");
  const sized = patchedHeader(encodeHeader({ typeflag: "5", name: "d/" }), 124, "00000001000");
  assert.equal(changed(sized, {}).size, 0);
  const body = encodePax(new Map([["comment", "global"]]));
  const global = Buffer.concat([
    patchedHeader(encodeHeader({ typeflag: "0", name: "g", size: body.length }), 156, "g"),
    padded(body),
  ]);
  const after = changeHeader(Buffer.concat([global, plain]), {}, defaultLimits);
  assert.equal(after.length, 512);
});

test("a link says the same of the file, and names begin as they do in the archive", () => {
  const raw = encodeHeader({ typeflag: "0", name: "./f", size: 1000, mode: 0o755, pax: new Map([["SCHILY.xattr.user.k", "v"]]) });
  const link = changed(raw, { linkname: "d/target" });
  assert.deepEqual([link.typeflag, link.name, link.linkname, link.size, link.mode], ["1", "./f", "./d/target", 0, 0o755]);
  assert.equal(link.pax.get("SCHILY.xattr.user.k"), "v");
  assert.equal(changed(raw, { name: "n" }).name, "./n");
});

test("what is no header is an error", () => {
  assert.throws(() => changeHeader(Buffer.alloc(512), {}, defaultLimits), { code: "corrupt-layer" });
  assert.throws(() => changeHeader(Buffer.alloc(512, 1), {}, defaultLimits), { code: "corrupt-layer" });
});

for (const format of ["gnu", "posix"] as const) {
  for (const version of format === "posix" ? ["0.0", "0.1", "1.0"] : [""]) {
    test(`a sparse file of GNU tar, ${format} ${version}, stays what it is under another name and owner`, () => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, "d"));
      const long = `d/${"long".repeat(40)}`;
      writeFileSync(join(folder, "a"), "start");
      truncateSync(join(folder, "a"), 10_000_000);
      writeFileSync(join(folder, "a"), "middle", { flag: "a" });
      truncateSync(join(folder, "a"), 20_000_000);
      linkSync(join(folder, "a"), join(folder, long));
      const sparse = ["--sparse", ...(version === "" ? [] : [`--sparse-version=${version}`])];
      const names = ["a", "--no-recursion", "./d/", long];
      const archive = run("tar", ["-C", folder, "-c", `--format=${format}`, ...sparse, "-f", "-", ...names]);
      const before = readTar(archive).entries;
      assert.ok(before[0]?.sparse !== undefined, "GNU tar has stored it sparse");
      const after = editLayer(archive, new Map([[0, { action: "remove" }]]));
      const moved = readTar(after).entries.find((entry) => entry.name === long);
      assert.deepEqual([moved?.size, moved?.storedSize, moved?.sha256], [20_000_000, before[0].storedSize, before[0].sha256]);
      assert.deepEqual(moved?.sparse, before[0].sparse);
      const unpacked = temporaryFolder();
      run("tar", ["-C", unpacked, "-x", "-f", "-"], after);
      assert.equal(run("cmp", [join(folder, "a"), join(unpacked, long)]).toString(), "");
    });
  }
}

test("the last file of an archive without padding and end keeps its content", () => {
  const archive = Buffer.concat([encodeHeader({ typeflag: "0", name: "a", size: 700, mode: 0o600 }), Buffer.alloc(700, "x")]);
  const two = Buffer.concat([encodeHeader({ typeflag: "5", name: "of", mode: 0o711 }), archive]);
  const after = editLayer(two, new Map([[1, { action: "take-attributes", of: 0 }]]));
  assert.deepEqual(after.subarray(1024), two.subarray(1024));
  assert.equal(readTar(Buffer.concat([after, Buffer.alloc(2000)])).entries[1]?.mode, 0o711);
  assert.deepEqual(editLayer(two, new Map([[1, { action: "remove" }]])), two.subarray(0, 512));
});
