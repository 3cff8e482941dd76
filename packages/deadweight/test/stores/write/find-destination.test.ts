import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findDestination } from "../../../src/stores/write/find-destination.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
mkdirSync(join(folder, "with:colon"));
mkdirSync(join(folder, "plain"));
writeFileSync(join(folder, "file:v2"), "");

const cases: readonly (readonly [name: string, path: string, selector: string | undefined])[] = [
  ["new", "new", undefined],
  ["new:v1", "new", "v1"],
  ["new.tar:registry.example/team/app:v1", "new.tar", "registry.example/team/app:v1"],
  ["new.tar:127.0.0.1:5000/app:v1", "new.tar", "127.0.0.1:5000/app:v1"],
  ["plain/new.tar:app", "plain/new.tar", "app"],
  ["plain", "plain", undefined],
  ["plain/", "plain", undefined],
  ["plain:v1", "plain", "v1"],
  // What reading would take for the path is the path.
  ["file:v2", "file:v2", undefined],
  ["file:v2:v3", "file:v2", "v3"],
  ["file:v3", "file", "v3"],
  // A colon in a folder that is there separates nothing.
  ["with:colon/new", "with:colon/new", undefined],
  ["with:colon/new:v1", "with:colon/new", "v1"],
  ["with:colon", "with:colon", undefined],
  ["with:colon:v1", "with:colon", "v1"],
];
for (const [name, path, selector] of cases) {
  test(`${name} is ${path} and ${selector ?? "no name"}`, async () => {
    assert.deepEqual(await findDestination(`${folder}/${name}`, "oci"), { path: `${folder}/${path}`, selector });
  });
}

test("relative paths", async () => {
  assert.deepEqual(await findDestination("no-such-folder/x:1", "oci"), { path: "no-such-folder/x", selector: "1" });
  assert.deepEqual(await findDestination("x:a/b:1", "oci"), { path: "x", selector: "a/b:1" });
});

test("a path and a name are needed on both sides of a colon", async () => {
  for (const name of [":v1", "x:", ""])
    await assert.rejects(findDestination(name, "oci"), { code: "bad-reference", exitCode: 2 });
});
