import assert from "node:assert/strict";
import { test } from "node:test";
import { fileTree } from "../../src/checks/file-tree.ts";
import { expectedChanges, type Expected } from "../../src/pipeline/expected-changes.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";

const time = 1_700_000_000;

/** The first two details of the check of two trees. */
function differences(before: readonly TestEntry[], after: readonly TestEntry[], expected: Expected): readonly string[] {
  const [old, now] = [factsOf([before]), factsOf([after])];
  const results = fileTree.compare({ before: old, after: now, expected: expectedChanges([old, now], undefined, expected) });
  assert.ok(Array.isArray(results));
  return results.flatMap(({ details = [] }) => details);
}

const file = (path: string, content: string, mtime: number = time): TestEntry => ({ path, content, mtime });
const folder = (path: string, mtime: number = time): TestEntry => ({ path: `${path}/`, mtime });

test("an image that was built anew may have other times and other logs, and no other contents", () => {
  const before = [
    folder("app"),
    file("app/main", "1"),
    folder("var/log"),
    file("var/log/dpkg.log", "monday"),
    file("etc/ld.so.cache", "a"),
  ];
  const after = [
    folder("app", time + 9),
    file("app/main", "2", time + 9),
    folder("var/log"),
    file("var/log/dpkg.log", "tuesday"),
    file("etc/ld.so.cache", "b"),
  ];
  const told = differences(before, after, { expect: [], isRebuilt: true });
  assert.deepEqual(
    told.map((line) => line.split(":")[0]),
    ["app/main"],
  );
  assert.match(told[0] ?? "", /content/);
  assert.equal(differences(before, after, { expect: [] }).length, 5);
});

test("what every build writes must still be there where programs read it", () => {
  const before = [file("etc/ld.so.cache", "a"), file("var/lib/dpkg/status", "a")];
  assert.deepEqual(differences(before, [file("etc/ld.so.cache", "b")], { expect: [], isRebuilt: true }), [
    "var/lib/dpkg/status: gone",
  ]);
});

test("what was to go may be gone, with folders that hold nothing else", () => {
  const before = [
    folder("opt"),
    folder("opt/tool"),
    file("opt/tool/a", "a"),
    folder("opt/tool/deep"),
    file("opt/tool/deep/b", "b"),
    file("opt/c", "c"),
  ];
  const removed = ["opt/tool/a", "opt/tool/deep/b"];
  const withEmpty = [...before, folder("opt/tool/empty"), folder("opt/empty")];
  assert.deepEqual(differences(withEmpty, [folder("opt"), file("opt/c", "c")], { expect: [], removed }), ["opt/empty: gone"]);
  assert.deepEqual(differences(before, [folder("opt"), file("opt/c", "c")], { expect: [], removed }), []);
  assert.deepEqual(differences(before, [file("opt/c", "c")], { expect: [], removed }), ["opt: gone"]);
  assert.deepEqual(differences(before, [folder("opt")], { expect: [], removed }), ["opt/c: gone"]);
});

test("a folder may go with what every build writes anew", () => {
  const before = [folder("root"), folder("root/.cache"), file("root/.cache/uv/wheels/a", "a"), file("root/.cache/uv/.lock", "")];
  const removed = ["root/.cache/uv/wheels/a"];
  assert.deepEqual(differences(before, [folder("root")], { expect: [], isRebuilt: true, removed }), []);
  const withMore = [...before, file("root/.cache/mine", "")];
  const told = differences(withMore, [folder("root")], { expect: [], isRebuilt: true, removed });
  assert.deepEqual(told, ["root/.cache: gone", "root/.cache/mine: gone"]);
});

test("what pip printed into a file, for want of quotes, differs from build to build; that it is there counts", () => {
  const before = [folder("app"), file("app/=2.1", "downloaded in 1 s"), file("app/a=2", "a")];
  const after = [folder("app"), file("app/=2.1", "from the cache"), file("app/a=2", "b")];
  assert.match(differences(before, after, { expect: [], isRebuilt: true }).join(), /^app\/a=2: content [^,]*, [^,]*$/);
  assert.deepEqual(differences(before, [folder("app"), file("app/a=2", "a")], { expect: [], isRebuilt: true }), [
    "app/=2.1: gone",
  ]);
});
