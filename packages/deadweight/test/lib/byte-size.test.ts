import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBytes, printBytes } from "../../src/lib/byte-size.ts";

test("bytes are printed with three digits and powers of ten", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [9994, "9.99 kB"],
    [9995, "10.0 kB"],
    [99_949, "99.9 kB"],
    [99_951, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [1_234_567_890, "1.23 GB"],
    [13_284_123_123, "13.3 GB"],
    [2_500_000_000_000, "2.50 TB"],
    [Number.MAX_SAFE_INTEGER, "9.01 PB"],
  ];
  for (const [bytes, text] of cases) assert.equal(printBytes(bytes), text);
});

test("sizes are read with both kinds of unit", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["0", 0],
    ["1000", 1000],
    ["12B", 12],
    ["2GB", 2_000_000_000],
    ["2 gb", 2_000_000_000],
    ["1.5GiB", 1_610_612_736],
    ["500M", 500_000_000],
    ["64k", 64_000],
    ["1.1kB", 1100],
    ["3TiB", 3_298_534_883_328],
  ];
  for (const [text, bytes] of cases) assert.equal(parseBytes(text), bytes, text);
});

test("what is no size is refused", () => {
  for (const text of ["", "GB", "-1", "1,5GB", "1e9", "0x10", "2GBs", "99999999999TB", "NaN", "1.GB"]) {
    assert.equal(parseBytes(text), undefined, text);
  }
});
