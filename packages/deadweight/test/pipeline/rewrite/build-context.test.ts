import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../../src/index.ts";
import { diffPath, openContext } from "../../../src/pipeline/rewrite/build-context.ts";
import { folderWith } from "../../support/rewriting.ts";

function pathsIn(file: string): readonly string[] | undefined {
  return openContext(dirname(file), file)
    .files()
    ?.map(({ path, bytes }) => `${path} ${bytes}`);
}

test("the Dockerfile's own ignore file wins over the context's, and an exception reaches into a folder that is left out", () => {
  const files = { Dockerfile: "FROM a", "a/b": "12", "a/c": "123", d: "1" };
  assert.deepEqual(pathsIn(folderWith({ ...files, ".dockerignore": "*\n!a/b" })), ["a/b 2"]);
  assert.deepEqual(pathsIn(folderWith({ ...files, ".dockerignore": "*", "Dockerfile.dockerignore": "**/c\nD*\n.d*" })), [
    "a/b 2",
    "d 1",
  ]);
});

test("links are not followed: they weigh nothing, and nothing behind them is read", () => {
  const outside = dirname(folderWith({ Dockerfile: "", secret: "s" }));
  const file = folderWith({ Dockerfile: "FROM a", "in/x": "x" });
  symlinkSync(outside, join(dirname(file), "folder"));
  symlinkSync(join(outside, "secret"), join(dirname(file), "link"));
  symlinkSync(".", join(dirname(file), "in/loop"));
  const context = openContext(dirname(file), file);
  assert.deepEqual(pathsIn(file), ["Dockerfile 6", "folder 0", "in/loop 0", "in/x 1", "link 0"]);
  assert.deepEqual(["in/x", "folder/secret", "link", "../x", "/etc/passwd", "none"].map(context.read), [
    "x",
    ...Array.from({ length: 5 }, () => undefined),
  ]);
});

test("a large file is not read as text, and a context that is not there is an error", () => {
  const file = folderWith({ Dockerfile: "FROM a" });
  writeFileSync(join(dirname(file), "large"), Buffer.alloc((1 << 20) + 1, "x"));
  assert.equal(openContext(dirname(file), file).read("large"), undefined);
  assert.throws(() => openContext(join(dirname(file), "none"), file), UserError);
});

test("a diff names a file as it was called, and by its name alone where it lies elsewhere", () => {
  assert.deepEqual(["Dockerfile", "./docker/Dockerfile", "/x/y/Dockerfile", "../Dockerfile"].map(diffPath), [
    "Dockerfile",
    "docker/Dockerfile",
    "Dockerfile",
    "Dockerfile",
  ]);
});
