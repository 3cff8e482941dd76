import assert from "node:assert/strict";
import { test } from "node:test";
import { pythonEntries } from "../support/installed.ts";
import type { TestEntry } from "../support/layers.ts";
import { planned } from "../support/planning.ts";

const folders = ["usr/", "usr/lib/", "usr/bin/"].map((path) => ({ path }));
const layer: TestEntry[] = [...folders, { path: "usr/lib/liba.a", content: "x" }, { path: "usr/lib/liba.so.1", content: "x" }];

test("static libraries go at the level verified", () => {
  assert.deepEqual(planned([layer], { level: "verified" }).edits, ["remove 0:usr/lib/liba.a"]);
  assert.deepEqual(planned([layer], { level: "lossless" }).edits, []);
});

test("where something compiles when it runs they stay", () => {
  const compiling = [...layer, { path: "usr/bin/gcc", content: "x" }, ...pythonEntries("triton", "3.0.0", ["triton/a.py"])];
  assert.ok(!planned([compiling], { only: ["drop-static-libraries"] }).edits.includes("remove 0:usr/lib/liba.a"));
});
