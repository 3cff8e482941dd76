import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestEntry } from "../support/layers.ts";
import { planned } from "../support/planning.ts";

const file = (path: string): TestEntry => ({ path, content: "x" });
const folders = [
  "tmp/",
  "tmp/build/",
  "app/",
  "app/.git/",
  "root/",
  "root/.cache/",
  "root/.cache/uv/",
  "root/.cache/uv/wheels-v5/",
];
const layer = [
  ...folders.map((path) => ({ path })),
  file("tmp/a"),
  file("tmp/build/b"),
  file("app/.git/HEAD"),
  file("app/.gitignore"),
  file("root/.cache/uv/wheels-v5/a"),
];

test("temporary files and version control folders go at the level verified, their folders stay", () => {
  const removed = ["remove 0:tmp/a", "remove 0:tmp/build/b", "remove 0:app/.git/HEAD"];
  assert.deepEqual(planned([layer], { level: "verified", skip: ["remove-caches"] }).edits, removed);
  assert.deepEqual(planned([layer], { level: "lossless", skip: ["remove-caches"] }).edits, []);
});

test("uv's cache is a leftover where the command may read it", () => {
  const facts = { config: { command: ["uv", "run", "app"] } };
  const uv = "remove 0:root/.cache/uv/wheels-v5/a";
  assert.ok(!planned([layer], { level: "lossless", facts }).edits.includes(uv));
  assert.ok(planned([layer], { level: "verified", facts }).edits.includes(uv));
  assert.ok(planned([layer], { level: "lossless" }).edits.includes(uv));
});

test("what the command names below /tmp stays", () => {
  const facts = { config: { command: ["/tmp/build/b"] } };
  assert.ok(!planned([layer], { level: "verified", facts }).edits.includes("remove 0:tmp/build/b"));
});
