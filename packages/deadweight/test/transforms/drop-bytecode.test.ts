import assert from "node:assert/strict";
import { test } from "node:test";
import { planned } from "../support/planning.ts";

const layer = [
  ...["app/", "app/__pycache__/"].map((path) => ({ path })),
  ...["app/a.py", "app/__pycache__/a.cpython-311.pyc", "app/__pycache__/b.cpython-311.pyc"].map((path) => ({
    path,
    content: path,
  })),
];

test("compiled files beside their source go when they are asked for by name", () => {
  assert.deepEqual(planned([layer], { only: ["drop-bytecode"] }).edits, ["remove 0:app/__pycache__/a.cpython-311.pyc"]);
  assert.deepEqual(planned([layer], { level: "verified" }).edits, []);
});
