import assert from "node:assert/strict";
import { test } from "node:test";
import { logs } from "../../src/checks/logs.ts";
import { lifeOf, observedOf, verdictOf } from "../support/observed.ts";

const said = (before: readonly string[], after: string): Promise<string> =>
  verdictOf(logs, observedOf({ before: before.map((errors) => lifeOf({ errors })), after: [lifeOf({ output: after })] }));

test("a new line that tells of an error is a difference, whatever its numbers", async () => {
  assert.equal(await said(["started\n"], "started\nlistening\n"), "same: 2 lines");
  assert.equal(await said(["a"], "OSError: x.so: cannot open\n"), "different: 1 new errors\nOSError: x.so: cannot open");
  assert.equal(await said(["2026-01-01 error 7 in 0xdeadbeef1"], "2027-11-12 error 18 in 0xfeedbeef2"), "same: 1 line");
  assert.equal(await said(["a", "error: late"], "error: late"), "same: 1 line");
  assert.equal(await said(["error: one"], "error: two"), "different: 1 new errors\nerror: two");
  assert.equal(await said([""], "error 1\nerror 2\n"), "different: 1 new errors\nerror 2");
});

test("words that only look alike are none", async () => {
  assert.equal(await said([""], "terrors of failures-free paths\n"), "same: 1 line");
});
