import assert from "node:assert/strict";
import { test } from "node:test";
import { alignColumns } from "../../../src/formats/text/columns.ts";

test("cells are aligned by columns of the terminal, not by characters", () => {
  const lines = alignColumns(
    [
      ["模型", "1 B"],
      ["a", "20 B"],
    ],
    [{}, { align: "right" }],
    80,
  );
  assert.deepEqual(lines, ["模型   1 B", "a     20 B"]);
});

test("the widest column that may be cut gives way", () => {
  const row = ["usr/lib/python3/dist-packages/numpy.so", "820 MB"];
  assert.deepEqual(alignColumns([row], [{ cut: "middle" }, {}], 30), ["usr/lib/…ages/numpy.so  820 MB"]);
});

test("optional columns go first, the last of them before the others", () => {
  const row = ["name-of-a-rule", "820 MB", "790 MB", "words of a message"];
  const columns = [{}, {}, { optional: true }, { optional: true, cut: "end" }] as const;
  assert.deepEqual(alignColumns([row], columns, 80), ["name-of-a-rule  820 MB  790 MB  words of a message"]);
  assert.deepEqual(alignColumns([row], columns, 46), ["name-of-a-rule  820 MB  790 MB  words of a me…"]);
  assert.deepEqual(alignColumns([row], columns, 40), ["name-of-a-rule  820 MB  790 MB"]);
  assert.deepEqual(alignColumns([row], columns, 24), ["name-of-a-rule  820 MB"]);
});

test("what can't fit at all is cut, not wrapped", () => {
  assert.deepEqual(alignColumns([["abcdefghij", "klm"]], [{}, {}], 8), ["abcdefg…"]);
});

test("an empty column takes no room; a style does not change the width", () => {
  const style = (text: string): string => `<${text}>`;
  assert.deepEqual(
    alignColumns(
      [
        ["a", "", "b"],
        ["long", "", "c"],
      ],
      [{ style }, {}, {}],
      80,
    ),
    ["<a>     b", "<long>  c"],
  );
});
