import assert from "node:assert/strict";
import { test } from "node:test";
import { health } from "../../src/checks/health.ts";
import type { Life } from "../../src/model/observation.ts";
import { lifeOf, observedOf, verdictOf } from "../support/observed.ts";

const said = (before: Life, after: Life): Promise<string> => verdictOf(health, observedOf({ before: [before], after: [after] }));

test("a candidate must become ready when the original does", async () => {
  const ready = lifeOf({ readyBy: "health check", readyMs: 1 });
  const never = lifeOf({ readyBy: "health check", unready: "ends with 1" });
  assert.equal(await said(ready, ready), "same: ready by health check");
  assert.equal(await said(ready, never), "different: it is never ready\nends with 1");
  assert.equal(await said(ready, lifeOf({ failure: "x" })), "different: it is never ready\nx");
  assert.equal(await said(never, ready), "not-run: the original is never ready: ends with 1");
  assert.equal(await said(lifeOf(), lifeOf()), "not-run: no probe given, and the image has no HEALTHCHECK");
  assert.equal(await verdictOf(health, "no engine"), "not-run: no engine");
});
