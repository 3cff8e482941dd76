import assert from "node:assert/strict";
import { test } from "node:test";
import { cpython } from "../../src/catalogers/cpython.ts";
import { owners } from "../../src/facts/owners.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { factsOf, wantedFilesOf, type TestEntry } from "../support/layers.ts";

const compiled: readonly TestEntry[] = [
  { path: "usr/local/bin/python3.11", content: "ELF" },
  { path: "usr/local/lib/python3.11/os.py", content: "import abc" },
  { path: "usr/local/lib/python3.11/json/decoder.py", content: "x" },
  { path: "usr/local/include/python3.11/patchlevel.h", content: '/* x */\n#define PY_VERSION             "3.11.9"\n' },
];

test("Python in /usr/local, with the version of its header", () => {
  const { packages } = cpython.catalog(wantedFilesOf(cpython, compiled));
  assert.deepEqual(
    packages.map(({ name, version, folders }) => ({ name, version, folders })),
    [{ name: "cpython", version: "3.11.9", folders: ["usr/local/lib/python3.11", "usr/local/include/python3.11"] }],
  );
});

test("without the header the version is what the folder says; several are told apart", () => {
  const files = wantedFilesOf(cpython, [
    { path: "usr/lib/python3.11/os.py", content: "x" },
    { path: "opt/py/lib/python3.13/os.py", content: "x" },
    { path: "opt/py/include/python3.13/patchlevel.h", content: '#define PY_VERSION "3.13.0rc1+"\n' },
    { path: "lib/python3.12/os.py", content: "x" },
  ]);
  const versions = cpython.catalog(files).packages.map(({ version }) => version);
  assert.deepEqual(new Set(versions), new Set(["3.11", "3.12", "3.13.0rc1+"]));
});

test("a distribution in site-packages keeps its own files", () => {
  const site = "usr/local/lib/python3.11/site-packages";
  const facts = factsOf([
    [
      ...compiled,
      { path: `${site}/six.py`, content: "six" },
      { path: `${site}/six-1.17.0.dist-info/METADATA`, content: "Name: six\nVersion: 1.17.0\n" },
      {
        path: `${site}/six-1.17.0.dist-info/RECORD`,
        content: "six.py,,\nsix-1.17.0.dist-info/METADATA,,\nsix-1.17.0.dist-info/RECORD,,\n",
      },
    ],
  ]);
  const ownerOf = (path: string): string => facts.get(owners).of(facts.get(fileTree).find(path)).name;
  assert.equal(ownerOf(`${site}/six.py`), "six");
  assert.equal(ownerOf("usr/local/lib/python3.11/json/decoder.py"), "cpython");
  assert.equal(ownerOf("usr/local/bin/python3.11"), "cpython");
});

test("what looks alike is none: another os.py, a pattern in the path", () => {
  const files = wantedFilesOf(cpython, [
    { path: "srv/app/os.py", content: "x" },
    { path: "opt/*/lib/python3.11/os.py", content: "x" },
    { path: "usr/lib/python2.7/os.py", content: "x" },
  ]);
  assert.deepEqual(cpython.catalog(files).packages, []);
});
