import assert from "node:assert/strict";
import { test } from "node:test";
import { start } from "../../src/checks/start.ts";
import type { Life } from "../../src/model/observation.ts";
import { lifeOf, observedOf, verdictOf } from "../support/observed.ts";

const said = (before: Life, after: Life): Promise<string> => verdictOf(start, observedOf({ before: [before], after: [after] }));
const ended = (exitCode: number, outOfMemory = false): Life =>
  lifeOf({ ended: { exitCode, outOfMemory }, errors: "one\nlast\n" });

test("what stays up must stay up, what ends with 0 must end with 0", async () => {
  assert.equal(await said(lifeOf(), lifeOf()), "same: still runs after 2.00 s");
  assert.equal(await said(ended(0), ended(0)), "same: ended with exit code 0");
  assert.equal(await said(lifeOf(), ended(1)), "different: ended with exit code 1\nended with exit code 1: last");
  assert.equal(await said(lifeOf(), ended(0)), "different: ended with exit code 0\nended with exit code 0: last");
  assert.equal(await said(ended(0), lifeOf()), "different: still runs after 2.00 s\nstill runs after 2.00 s");
  assert.equal(await said(lifeOf(), ended(137, true)), "different: ended for want of memory\nended for want of memory: last");
  assert.equal(await said(lifeOf(), lifeOf({ failure: "no such file" })), "different: no such file\nno such file");
});

test("an original that fails proves nothing, nor does one that was not run", async () => {
  assert.equal(await said(ended(1), ended(1)), "not-run: the original does not start: ended with exit code 1: last");
  assert.equal(await said(lifeOf({ failure: "x" }), lifeOf()), "not-run: the original does not start: x");
  assert.equal(await verdictOf(start, "no engine"), "not-run: no engine");
});
