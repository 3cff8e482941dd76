import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { packageDatabases } from "../../src/checks/package-databases.ts";
import { expectedChanges } from "../../src/pipeline/expected-changes.ts";
import type { TestEntry } from "../support/layers.ts";
import { comparisonOf, imageOf, saidOf, type Changes } from "../support/side-by-side.ts";

const said = (before: readonly TestEntry[], after: readonly TestEntry[]): Promise<string | readonly string[]> =>
  saidOf(packageDatabases, comparisonOf(imageOf(before), imageOf(after)));

const paragraph = (name: string, more = ""): string =>
  `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n${more}\n`;
const status = (...paragraphs: readonly string[]): TestEntry => ({ path: "var/lib/dpkg/status", content: paragraphs.join("") });
const list = (name: string, ...paths: readonly string[]): TestEntry => ({
  path: `var/lib/dpkg/info/${name}.list`,
  content: paths.map((path) => `${path}\n`).join(""),
});
const file = (path: string): TestEntry => ({ path, content: path });

test("dpkg: what a list names is there, unless it was not before", async () => {
  const lists = [status(paragraph("a")), list("a", "/.", "/usr/bin/a", "/usr/share/doc/a"), file("usr/bin/a")];
  assert.equal(await said(lists, lists), "same");
  assert.deepEqual(await said(lists, lists.slice(0, 2)), ["var/lib/dpkg/info/a.list lists usr/bin/a, which is gone"]);
  assert.equal(await said(lists, [lists[0] ?? file("x"), list("a", "/."), file("x")]), "same");
});

test("dpkg: a list may name what a link leads to", async () => {
  const merged: TestEntry = { path: "lib", type: "symlink", link: "usr/lib" };
  const lists = [status(paragraph("a")), list("a", "/lib/liba.so"), merged, { path: "usr/lib/" }, file("usr/lib/liba.so")];
  assert.equal(await said(lists, lists), "same");
  assert.deepEqual(await said(lists, lists.slice(0, 4)), ["var/lib/dpkg/info/a.list lists lib/liba.so, which is gone"]);
});

test("dpkg: what a package needs is installed", async () => {
  const both = [status(paragraph("a", "Depends: b\n"), paragraph("b")), list("a"), list("b", "/b"), file("b")];
  assert.equal(await said(both, both), "same");
  assert.deepEqual(await said(both, [status(paragraph("a", "Depends: b\n")), list("a")]), [
    "dpkg a needs b, which is not installed any more",
  ]);
  assert.equal(await said(both, [status(paragraph("b")), list("b", "/b"), file("b")]), "same");
});

test("a package that is not listed any more while its files are there; a database that is gone", async () => {
  const both = [status(paragraph("a"), paragraph("b")), list("a", "/a"), list("b", "/b"), file("a"), file("b")];
  const left = await said(both, [status(paragraph("a")), ...both.slice(1)]);
  assert.deepEqual(left, ["dpkg b is not listed any more, and 2 of its 2 files are there"]);
  assert.deepEqual(await said(both, []), ["dpkg: all of 2 packages are gone from the database"]);
});

const site = "usr/lib/python3/dist-packages";
const row = (path: string, content: string): string =>
  `${path},sha256=${createHash("sha256").update(content).digest("base64url")},${content.length}\n`;
const metadata = (name: string, requires = ""): TestEntry => ({
  path: `${site}/${name}-1.dist-info/METADATA`,
  content: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1\n${requires === "" ? "" : `Requires-Dist: ${requires}\n`}`,
});

test("Python: rows of RECORD are there, with the content that they say", async () => {
  const record: TestEntry = {
    path: `${site}/six-1.dist-info/RECORD`,
    content: `${row("six.py", "x")}six-1.dist-info/RECORD,,\n`,
  };
  const installed = [metadata("six"), record, { path: `${site}/six.py`, content: "x" }];
  assert.equal(await said(installed, installed), "same");
  assert.deepEqual(await said(installed, installed.slice(0, 2)), [
    `${site}/six-1.dist-info/RECORD lists ${site}/six.py, which is gone`,
  ]);
  assert.deepEqual(await said(installed, [...installed.slice(0, 2), { path: `${site}/six.py`, content: "y" }]), [
    `${site}/six-1.dist-info/RECORD lists ${site}/six.py, which has another content`,
  ]);
});

test("Python: what pip check would say, as far as it did not say so before", async () => {
  const flask = metadata("flask", "werkzeug>=2");
  assert.deepEqual(await said([flask, metadata("werkzeug")], [flask]), [
    "python flask needs werkzeug, which is not installed any more",
  ]);
  assert.equal(await said([flask], [flask]), "same");
});

test("an image without databases is not passed", async () => {
  assert.equal(await said([file("a")], [file("a")]), "not-run: there is no package database");
});

test("documents that a new build's packages come without are no wrong records when that was announced; programs are", async () => {
  const paths = ["usr/share/doc/a/README", "usr/bin/a"];
  const before = [status(paragraph("a")), list("a", ...paths.map((path) => `/${path}`)), ...paths.map((path) => file(path))];
  const [old, now] = [imageOf(before), imageOf(before.slice(0, 2))];
  const saidWhen = (isRebuilt: boolean): Promise<string | readonly string[]> => {
    const expected = expectedChanges([old, now], undefined, { expect: [], isRebuilt, removed: paths });
    return saidOf(packageDatabases, { before: old, after: now, expected });
  };
  assert.deepEqual(await saidWhen(true), ["var/lib/dpkg/info/a.list lists usr/bin/a, which is gone"]);
  assert.equal((await saidWhen(false)).length, 2);
});

test("a database all of whose packages were to go may be gone", async () => {
  const record: TestEntry = { path: `${site}/six-1.dist-info/RECORD`, content: "six-1.dist-info/RECORD,,\n" };
  const before = [status(paragraph("a")), list("a", "/a"), file("a"), metadata("six"), record];
  const [old, now] = [imageOf(before), imageOf(before.slice(0, 3))];
  const announced: Changes = { [record.path]: "remove", [metadata("six").path]: "remove" };
  assert.deepEqual(await saidOf(packageDatabases, comparisonOf(old, now)), [
    "python: all of 1 package are gone from the database",
  ]);
  assert.equal(await saidOf(packageDatabases, comparisonOf(old, now, announced)), "same");
});
