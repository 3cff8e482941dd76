import assert from "node:assert/strict";
import { test } from "node:test";
import { countOf } from "../../src/lib/count-of.ts";

test("one thing is singular, all other counts are plural", () => {
  assert.equal(countOf(1, "file"), "1 file");
  assert.equal(countOf(0, "file"), "0 files");
  assert.equal(countOf(2, "copy", "copies"), "2 copies");
});

test("thousands are set apart", () => assert.equal(countOf(1204567, "file"), "1,204,567 files"));
