import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { catalogers } from "../../src/catalogers/index.ts";
import type { Want } from "../../src/contracts/cataloger.ts";
import { wantedFiles } from "../../src/image/wanted-files.ts";

test("by name, by ending, by path: the most that any of them asks for", () => {
  const wanted = wantedFiles([
    { names: ["status", "available"] },
    { endings: [".list", ".gz"], head: 10 },
    { endings: [".list"], path: /^var\/lib\/dpkg\/info\//, head: 20 },
    { names: ["x.list"], path: /^elsewhere\// },
    { path: /^opt\/.*\.gguf$/, head: 5 },
  ]);
  const cases: readonly [string, number | undefined][] = [
    ["status", Infinity],
    ["var/lib/dpkg/status", Infinity],
    ["var/lib/dpkg/status-old", undefined],
    ["a/status/b", undefined],
    ["a.list", 10],
    ["var/lib/dpkg/info/a.list", 20],
    ["elsewhere/x.list", Infinity],
    ["here/x.list", 10],
    ["a.tar.gz", 10],
    [".list", 10],
    ["list", undefined],
    ["opt/models/m.gguf", 5],
    ["opt/models/m.gguf2", undefined],
    ["", undefined],
    ["caf\xe9.list", 10],
  ];
  for (const [path, most] of cases) assert.equal(wanted(path), most, path);
});

test("names and endings in one want: either is enough", () => {
  const wanted = wantedFiles([{ names: ["RECORD"], endings: [".egg-info"], path: /site-packages/, head: 7 }]);
  assert.deepEqual(["site-packages/RECORD", "site-packages/a.egg-info", "RECORD", "a.egg-info"].map(wanted), [
    7,
    7,
    undefined,
    undefined,
  ]);
});

test("nothing is wanted where nobody wants", () => {
  assert.equal(wantedFiles([])("etc/passwd"), undefined);
});

/** The same by its definition, one want after the other. */
function most(wants: readonly Want[], path: string): number | undefined {
  const name = path.split("/").at(-1) ?? "";
  const heads = wants
    .filter((want) => {
      const isNamed = want.names?.includes(name) || want.endings?.some((ending) => name.endsWith(ending));
      return (isNamed || (want.names ?? want.endings) === undefined) && (want.path?.test(path) ?? true);
    })
    .map(({ head }) => head ?? Infinity);
  return heads.length === 0 ? undefined : Math.max(...heads);
}

test("the look-up says what the catalogers' wants say one by one", () => {
  const wants = catalogers.flatMap((cataloger) => cataloger.wants);
  const wanted = wantedFiles(wants);
  const names = wants.flatMap(({ names = [], endings = [] }) => [...names, ...endings.map((ending) => `x${ending}`)]);
  const folders = [
    "",
    "var/lib/dpkg/",
    "var/lib/dpkg/info/",
    "lib/apk/db/",
    "usr/lib/python3/site-packages/p.dist-info/",
    "opt/conda/conda-meta/",
  ];
  fc.assert(
    fc.property(fc.constantFrom(...folders), fc.constantFrom(...names, "other", ".wh.x"), (folder, name) => {
      assert.equal(wanted(folder + name), most(wants, folder + name));
    }),
    { numRuns: 1000, seed: 1 },
  );
});
