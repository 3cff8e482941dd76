import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBitRate } from "../../src/lib/bit-rate.ts";

test("bits a second; a large B are bytes", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["100mbit", 1e8],
    ["1Gbit/s", 1e9],
    ["1.5 gbit", 1.5e9],
    ["56kbps", 56_000],
    ["12.5MB/s", 1e8],
    ["12.5Mb/s", 12.5e6],
    ["100", undefined],
    ["0mbit", undefined],
    ["fast", undefined],
    ["-1mbit", undefined],
  ];
  for (const [text, bits] of cases) assert.equal(parseBitRate(text), bits, text);
});
