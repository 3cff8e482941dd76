import assert from "node:assert/strict";
import { test } from "node:test";
import { pythonModules } from "../../src/checks/python-modules.ts";
import { dynamicElf } from "../support/dynamic-elf.ts";
import type { TestEntry } from "../support/layers.ts";
import { comparisonOf, imageOf, saidOf, type Changes, type Settings } from "../support/side-by-side.ts";

const site = "usr/local/lib/python3.11/site-packages";
const text = (path: string): TestEntry => ({ path, content: "" });

function said(
  before: readonly TestEntry[],
  after: readonly TestEntry[],
  { changes = {}, settings = {} }: { readonly changes?: Changes; readonly settings?: Settings } = {},
): Promise<string | readonly string[]> {
  return saidOf(pythonModules, comparisonOf(imageOf(before, settings), imageOf(after, settings), changes));
}

const files = [
  text("usr/local/lib/python3.11/json/__init__.py"),
  text("usr/local/lib/python3.11/json/decoder.py"),
  text("usr/local/lib/python3.11/lib-dynload/_json.cpython-311-x86_64-linux-gnu.so"),
  text(`${site}/yaml/__init__.py`),
];

test("modules of the standard library, of packages, and in C", async () => {
  const without = (path: string): readonly TestEntry[] => files.filter((file) => !file.path.endsWith(path));
  assert.equal(await said(files, files), "same");
  assert.deepEqual(await said(files, without("json/decoder.py")), ["json.decoder (usr/local/lib/python3.11): gone"]);
  assert.deepEqual(await said(files, without("yaml/__init__.py")), [`yaml (${site}): gone`]);
  assert.deepEqual(await said(files, without("gnu.so")), ["_json (usr/local/lib/python3.11/lib-dynload): gone"]);
});

test("byte code alone is a module beside the folder of caches, not in it", async () => {
  const [source, compiled, cached] = ["a.py", "a.pyc", "__pycache__/a.cpython-311.pyc"].map((name) => text(`${site}/${name}`));
  assert.ok(source && compiled && cached);
  assert.equal(await said([source, cached], [source]), "same");
  assert.equal(await said([source, compiled], [compiled]), "same");
  assert.deepEqual(await said([source, cached], [cached]), [`a (${site}): gone`]);
});

test("a module that was to go is no loss", async () => {
  const gone = `${site}/yaml/__init__.py`;
  assert.equal(await said(files, files.slice(0, 3), { changes: { [gone]: "remove" } }), "same");
  assert.deepEqual(await said(files, files.slice(0, 3), { changes: { [gone]: "rewrite" } }), [`yaml (${site}): gone`]);
});

test("the application's modules: the working folder, PYTHONPATH, a script's own folder", async () => {
  const own = [text("srv/app/views.py"), text("opt/more/tool.py"), text("jobs/run.py"), text("jobs/near.py")];
  const settings = { WorkingDir: "/srv", Env: ["PYTHONPATH=/opt/more"], Cmd: ["python", "/jobs/run.py"] };
  assert.deepEqual(await said(own, [text("jobs/run.py")], { settings }), [
    "tool (opt/more): gone",
    "app.views (srv): gone",
    "near (jobs): gone",
  ]);
});

test("a module in C that lost its library", async () => {
  const module: TestEntry = {
    path: `${site}/fast.abi3.so`,
    content: dynamicElf({ needed: ["libfast.so.1"], runpath: "$ORIGIN/libs" }),
  };
  const library: TestEntry = { path: `${site}/libs/libfast.so.1`, content: dynamicElf({ soname: "libfast.so.1" }) };
  assert.equal(await said([module, library], [module, library]), "same");
  assert.deepEqual(await said([module, library], [module], { changes: { [library.path]: "remove" } }), [
    "fast: libfast.so.1 is gone",
  ]);
});

test("an image without Python is not passed", async () => {
  assert.equal(await said([text("bin/sh")], []), "not-run: there is no Python module");
});
