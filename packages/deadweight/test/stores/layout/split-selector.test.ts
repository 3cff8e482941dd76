import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folderOf } from "../../support/archived-image.ts";
import { splitSelector } from "../../../src/stores/layout/split-selector.ts";

const folder = folderOf([]);
for (const name of ["f.tar", "f.tar:a", "c:d:e"]) writeFileSync(join(folder, name), "");
mkdirSync(join(folder, "f"));

const splits: readonly (readonly [name: string, path: string, selector: string | undefined])[] = [
  ["f.tar", "f.tar", undefined],
  ["f.tar:", "f.tar", ""],
  ["f.tar:b", "f.tar", "b"],
  ["f.tar:host:5000/n:t", "f.tar", "host:5000/n:t"],
  ["f.tar:a", "f.tar:a", undefined],
  ["f.tar:a:b", "f.tar:a", "b"],
  ["c:d:e", "c:d:e", undefined],
  ["c:d:e:f", "c:d:e", "f"],
];
for (const [name, path, selector] of splits) {
  test(`${name} is the file ${path} and ${selector ?? "nothing"}`, async () => {
    assert.deepEqual(await splitSelector(join(folder, name), "file"), { path: join(folder, path), selector });
  });
}

test("a folder is not taken for a file, nor a file for a folder", async () => {
  assert.deepEqual(await splitSelector(join(folder, "f:tag"), "folder"), { path: join(folder, "f"), selector: "tag" });
  await assert.rejects(splitSelector(join(folder, "f:tag"), "file"), { code: "unreadable" });
  await assert.rejects(splitSelector(join(folder, "f.tar"), "folder"), { code: "unreadable" });
  await assert.rejects(splitSelector(join(folder, "nope:tag"), "file"), { code: "not-found" });
});
