import assert from "node:assert/strict";
import { test } from "node:test";
import { shutdown } from "../../src/checks/shutdown.ts";
import { lifeOf, observedOf, verdictOf } from "../support/observed.ts";
import type { Life } from "../../src/model/observation.ts";

const obeys = (exitCode: number): Life => lifeOf({ shutdown: { signal: "SIGTERM", exitCode, durationMs: 20, timedOut: false } });
const ignores = lifeOf({ shutdown: { signal: "SIGTERM", exitCode: undefined, durationMs: 10_000, timedOut: true } });
const said = (before: readonly Life[], after: Life): Promise<string> =>
  verdictOf(shutdown, observedOf({ before, after: [after] }));

test("the signal is obeyed as it was", async () => {
  assert.equal(await said([obeys(0)], obeys(0)), "same: ended with exit code 0 20.0 ms after SIGTERM");
  assert.equal(await said([obeys(0)], obeys(143)), "different: SIGTERM: ended with exit code 143");
  assert.equal(await said([obeys(0), obeys(143)], obeys(143)), "same: ended with exit code 143 20.0 ms after SIGTERM");
  assert.equal(await said([obeys(0)], ignores), "different: SIGTERM: ignored it for 10.00 s and was killed");
  assert.equal(await said([ignores], obeys(0)), "different: SIGTERM: ended with exit code 0");
  assert.equal(await said([ignores], ignores), "same: neither obeys SIGTERM, both were killed");
});

test("what had ended by itself obeyed nothing", async () => {
  const ended = lifeOf({ ended: { exitCode: 0, outOfMemory: false } });
  assert.equal(await said([ended], ended), "not-run: the original was not running any more: ended with exit code 0");
  assert.equal(await said([obeys(0)], ended), "not-run: the candidate was not running any more: ended with exit code 0");
});
