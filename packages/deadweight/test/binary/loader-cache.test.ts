import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cacheWithout } from "../../src/binary/loader-cache.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A root with three libraries in two folders, and the cache that ldconfig makes of it; or why it can't. */
function madeCache(format: string): { readonly root: string; readonly bytes: Buffer } | { readonly missing: string } {
  const root = temporaryFolder();
  for (const folder of ["etc", "opt/one", "opt/two", "opt/two/glibc-hwcaps/x86-64-v3"])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "etc/ld.so.conf"), "/opt/one\n/opt/two\n");
  writeFileSync(join(root, "empty.c"), "int empty;\n");
  for (const [place, name] of [
    ["opt/one", "libcublas.so.12"],
    ["opt/two", "libcublas.so.12"],
    ["opt/two", "libother.so.1"],
    ["opt/two/glibc-hwcaps/x86-64-v3", "libother.so.1"],
  ] as const) {
    const made = spawnSync("gcc", [
      "-shared",
      "-nostdlib",
      `-Wl,-soname,${name}`,
      "-o",
      join(root, place, name),
      join(root, "empty.c"),
    ]);
    if (made.status !== 0) return { missing: "gcc is not there" };
  }
  const run = spawnSync("/sbin/ldconfig", ["-r", root, "-c", format], { encoding: "utf8" });
  return run.status === 0 ? { root, bytes: readFileSync(join(root, "etc/ld.so.cache")) } : { missing: `ldconfig: ${run.stderr}` };
}

/** What ldconfig reads in a cache. */
function listed(root: string, bytes: Uint8Array): readonly string[] {
  writeFileSync(join(root, "etc/ld.so.cache"), bytes);
  const run = spawnSync("/sbin/ldconfig", ["-r", root, "-p"], { encoding: "utf8" });
  return run.stdout.split("\n").filter((line) => line.trim() !== "");
}

for (const format of ["new", "compat"]) {
  test(`libraries that go are listed no more, others as before: ${format}`, (t) => {
    const made = madeCache(format);
    if ("missing" in made) return t.skip(made.missing);
    const { root } = made;
    const bytes = format === "compat" ? withoutExtensions(made.bytes) : made.bytes;
    const before = listed(root, bytes);
    const after = cacheWithout(bytes, (path) => path === "/opt/one/libcublas.so.12");
    if (!Buffer.isBuffer(after)) assert.fail(after);
    assert.equal(after.includes("/opt/one"), false);
    const lines = listed(root, after);
    assert.deepEqual(
      lines.slice(1),
      before.slice(1).filter((line) => !line.includes("/opt/one/")),
    );
    assert.match(lines[0] ?? "", /^3 libs found/);
    // Every entry can go.
    const none = cacheWithout(bytes, () => true);
    if (!Buffer.isBuffer(none)) assert.fail(none);
    assert.match(listed(root, none)[0] ?? "", /^0 libs found/);
  });
}

/** As ldconfig wrote both forms before it knew extensions. */
function withoutExtensions(cache: Buffer): Buffer {
  const bytes = Buffer.from(cache);
  const newer = bytes.indexOf("glibc-ld.so.cache1.1");
  const texts = newer + 48 + 24 * bytes.readUInt32LE(newer + 20) + bytes.readUInt32LE(newer + 24);
  bytes.writeUInt32LE(0, newer + 32);
  return bytes.subarray(0, texts);
}

test("a cache without libraries that go is left", (t) => {
  const made = madeCache("new");
  if ("missing" in made) return t.skip(made.missing);
  const same = cacheWithout(made.bytes, () => false);
  assert.equal(same, undefined);
});

test("a cache of another form, or that is cut, is told", (t) => {
  const made = madeCache("new");
  if ("missing" in made) return t.skip(made.missing);
  const { bytes } = made;
  const all = (): boolean => true;
  assert.equal(cacheWithout(Buffer.from("text"), all), "it is of another form");
  assert.equal(cacheWithout(bytes.subarray(0, 60), all), "its rows are not all there");
  const strange = Buffer.from(bytes);
  strange.writeUInt32LE(0, strange.readUInt32LE(32));
  assert.equal(cacheWithout(strange, all), "its extensions are of another form");
  const both = madeCache("compat");
  assert.equal("missing" in both ? "it is of two forms" : cacheWithout(both.bytes, all), "it is of two forms");
});
