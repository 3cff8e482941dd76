import assert from "node:assert/strict";
import { test } from "node:test";
import { planned } from "../support/planning.ts";

const home = "usr/lib/python3.11/site-packages";
const layer = [
  ...["usr/", "usr/lib/", "usr/lib/python3.11/", `${home}/`, `${home}/a/`, `${home}/a/tests/`].map((path) => ({ path })),
  ...[`${home}/a/code.py`, `${home}/a/tests/test_a.py`].map((path) => ({ path, content: path })),
];

test("tests of packages go when they are asked for by name", () => {
  assert.deepEqual(planned([layer], { only: ["drop-package-tests"] }).edits, [`remove 0:${home}/a/tests/test_a.py`]);
  assert.deepEqual(planned([layer], { level: "verified" }).edits, []);
});
