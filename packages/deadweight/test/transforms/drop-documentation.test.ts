import assert from "node:assert/strict";
import { test } from "node:test";
import { planned } from "../support/planning.ts";

const paths = ["usr/", "usr/share/", "usr/share/doc/", "usr/share/doc/a/", "usr/share/man/", "usr/share/man/man1/"];
const names = ["usr/share/doc/a/README", "usr/share/doc/a/copyright", "usr/share/man/man1/a.1.gz"];
const layer = [...paths.map((path) => ({ path })), ...names.map((path) => ({ path, content: "x" }))];
const gone = ["remove 0:usr/share/doc/a/README", "remove 0:usr/share/man/man1/a.1.gz"];

test("documentation goes when it is asked for by name, licences stay", () => {
  assert.deepEqual(planned([layer], { only: ["drop-documentation"] }).edits, gone);
  assert.deepEqual(planned([layer], { level: "verified" }).edits, []);
});
