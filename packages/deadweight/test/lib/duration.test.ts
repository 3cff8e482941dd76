import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration, printDuration } from "../../src/lib/duration.ts";

test("durations are read and printed", () => {
  assert.deepEqual(["500ms", "2.5s", "10 m", "1h", "5", "s", "-1s", "1d"].map(parseDuration), [
    500,
    2500,
    600_000,
    3_600_000,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual([0.5, 12.34, 340.4, 999.7, 2510].map(printDuration), ["0.50 ms", "12.3 ms", "340 ms", "1.00 s", "2.51 s"]);
});
