import assert from "node:assert/strict";
import { test } from "node:test";
import { elfClosure } from "../../src/checks/elf-closure.ts";
import { dynamicElf, type DynamicElf } from "../support/dynamic-elf.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { comparisonOf, imageOf, saidOf, type Settings } from "../support/side-by-side.ts";

const elf = (path: string, file: DynamicElf): TestEntry => ({ path, content: dynamicElf(file), mode: 0o755 });

function said(
  before: readonly TestEntry[],
  after: readonly TestEntry[],
  settings: Settings = {},
): Promise<string | readonly string[]> {
  return saidOf(elfClosure, comparisonOf(imageOf(before, settings), imageOf(after, settings)));
}

const program = elf("usr/bin/app", { needed: ["liba.so.1"], interpreter: "/lib64/ld.so", undefined: ["a_open", "a_close"] });
const loader = elf("lib64/ld.so", { soname: "ld.so" });
const library = elf("usr/lib/x86_64-linux-gnu/liba.so.1", { soname: "liba.so.1", defined: ["a_open", "a_close", "a_more"] });

test("a library that was found and is no more", async () => {
  assert.equal(await said([program, loader, library], [program, loader, library]), "same");
  assert.deepEqual(await said([program, loader, library], [program, loader]), [
    "usr/bin/app: needs liba.so.1, which is not found any more",
  ]);
  assert.deepEqual(await said([program, loader, library], [program, library]), ["usr/bin/app: its loader /lib64/ld.so is gone"]);
});

test("one that was never found is not judged: the driver's, or what is loaded already", async () => {
  assert.equal(await said([program, loader], [program, loader]), "same");
});

test("a link to it is part of the way", async () => {
  const real = { ...library, path: "opt/liba.so.1.0" };
  const link: TestEntry = { path: "usr/lib/liba.so.1", type: "symlink", link: "/opt/liba.so.1.0" };
  assert.equal(await said([program, loader, real, link], [program, loader, real, link]), "same");
  assert.deepEqual(await said([program, loader, real, link], [program, loader, real]), [
    "usr/bin/app: needs liba.so.1, which is not found any more",
  ]);
});

test("each place where the loader looks", async () => {
  const there = (path: string): TestEntry => ({ ...library, path });
  const settings = { Env: ["LD_LIBRARY_PATH=/opt/a:/opt/b"] };
  const cases: readonly (readonly [DynamicElf, string, readonly TestEntry[]])[] = [
    [{ runpath: "$ORIGIN/../own" }, "usr/own/liba.so.1", []],
    [{ rpath: "/x:${ORIGIN}" }, "usr/bin/liba.so.1", []],
    [{}, "opt/b/liba.so.1", []],
    [{}, "usr/lib64/liba.so.1", []],
    [
      {},
      "opt/conf/liba.so.1",
      [
        { path: "etc/ld.so.cache", content: "cache" },
        { path: "etc/ld.so.conf.d/a.conf", content: "# folders\n/opt/conf\n" },
      ],
    ],
    [{}, "opt/musl/liba.so.1", [{ path: "etc/ld-musl-x86_64.path", content: "/lib:/opt/musl\n" }]],
  ];
  for (const [ways, path, others] of cases) {
    const asking = elf("usr/bin/app", { needed: ["liba.so.1"], ...ways });
    assert.equal(await said([asking, there(path), ...others], [asking, there(path), ...others], settings), "same", path);
    assert.deepEqual(
      await said([asking, there(path), ...others], [asking, ...others], settings),
      ["usr/bin/app: needs liba.so.1, which is not found any more"],
      path,
    );
  }
});

test("what a library loads is found by the RPATH of who loads it, unless either has a RUNPATH", async () => {
  const app = (folders: DynamicElf): TestEntry => elf("opt/bin/app", { needed: ["libmid.so"], ...folders });
  const mid = (folders: DynamicElf = {}): TestEntry => elf("opt/own/libmid.so", { needed: ["liblow.so"], ...folders });
  const low = elf("opt/own/liblow.so", {});
  const gone = ["opt/own/libmid.so: needs liblow.so, which is not found any more"];
  const rpath = app({ rpath: "$ORIGIN/../own" });
  assert.deepEqual(await said([rpath, mid(), low], [rpath, mid()]), gone);
  const both = app({ rpath: "$ORIGIN/../own", runpath: "$ORIGIN/../own" });
  assert.equal(await said([both, mid(), low], [both, mid()]), "same");
  const other = mid({ runpath: "/nowhere" });
  assert.equal(await said([rpath, other, low], [rpath, other]), "same");
  const far = [rpath, mid(), elf("opt/own/liblow.so", { needed: ["libend.so"] })];
  assert.deepEqual(await said([...far, elf("opt/own/libend.so", {})], far), [
    "opt/own/liblow.so: needs libend.so, which is not found any more",
  ]);
});

test("glibc reads its settings through the cache alone", async () => {
  const cache: TestEntry = { path: "etc/ld.so.cache", content: "cache" };
  const rest = [
    program,
    loader,
    { ...library, path: "opt/conf/liba.so.1" },
    { path: "etc/ld.so.conf.d/a.conf", content: "/opt/conf\n" },
  ];
  assert.deepEqual(await said([...rest, cache], rest), ["usr/bin/app: needs liba.so.1, which is not found any more"]);
});

test("a library of another machine is none", async () => {
  const other = elf(library.path, { soname: "liba.so.1", machine: 183 });
  assert.deepEqual(await said([program, loader, library], [program, loader, other]), [
    "usr/bin/app: needs liba.so.1, which is not found any more",
  ]);
});

test("another build of a library must have the symbols that are taken from it", async () => {
  const with_ = (...defined: readonly string[]): TestEntry => elf(library.path, { soname: "liba.so.1", defined });
  const files = [program, loader, library];
  assert.equal(await said(files, [program, loader, with_("a_close", "a_open")]), "same");
  assert.deepEqual(await said(files, [program, loader, with_("a_close", "a_more")]), [
    "usr/bin/app: takes 1 symbol from liba.so.1 that it has no more",
  ]);
});

test("and the versions that are asked of it", async () => {
  const asking = elf("usr/bin/app", { needed: ["liba.so.1"], versionsNeeded: { "liba.so.1": ["A_1", "A_2"] } });
  const with_ = (...versions: readonly string[]): TestEntry => elf(library.path, { soname: "liba.so.1", versions });
  assert.equal(await said([asking, with_("A_1", "A_2")], [asking, with_("A_1", "A_2", "A_3")]), "same");
  assert.deepEqual(await said([asking, with_("A_1", "A_2")], [asking, with_("A_1")]), [
    "usr/bin/app: needs version A_2 of liba.so.1, which it has no more",
  ]);
  // What was wrong before is no difference.
  assert.equal(await said([asking, with_("A_1")], [asking, with_("A_1", "A_9")]), "same");
});

test("a name among the constants is that of a library to open", async () => {
  const opening = elf("usr/bin/app", { constants: ["libplugin.so.2", "no library", "libnever.so"] });
  const plugin = elf("usr/lib/libplugin.so.2", { soname: "libplugin.so.2" });
  assert.equal(await said([opening, plugin], [opening, plugin]), "same");
  assert.deepEqual(await said([opening, plugin], [opening]), [
    "usr/bin/app: has the name of libplugin.so.2 to open it, which is not found any more",
  ]);
});

test("a program that asks for more than before must find it", async () => {
  const more = elf("usr/bin/app", { needed: ["liba.so.1", "libnew.so"], interpreter: "/lib64/ld.so" });
  assert.deepEqual(await said([program, loader, library], [more, loader, library]), [
    "usr/bin/app: needs libnew.so, which is not found any more",
  ]);
});

test("it does not pass what it did not see", async () => {
  assert.equal(await said([{ path: "a", content: "text" }], []), "not-run: there is no dynamically linked file");
  assert.equal(
    await saidOf(elfClosure, comparisonOf(factsOf([[program]]), factsOf([[program]]))),
    "not-run: the programs of an image were not looked into",
  );
});
