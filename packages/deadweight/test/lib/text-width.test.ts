import assert from "node:assert/strict";
import { test } from "node:test";
import { cutEnd, cutMiddle, widthOf, wrapText } from "../../src/lib/text-width.ts";

test("wide characters take two columns", () => {
  assert.equal(widthOf("abc"), 3);
  assert.equal(widthOf("模型"), 4);
  assert.equal(widthOf("🚀"), 2);
  assert.equal(widthOf("e\u0301"), 1);
});

test("what fits is left alone", () => {
  assert.equal(cutEnd("abc", 3), "abc");
  assert.equal(cutMiddle("模型", 4), "模型");
});

test("an end is cut by columns, not by characters", () => {
  assert.equal(cutEnd("abcdef", 4), "abc…");
  assert.equal(cutEnd("模型権重", 6), "模型…");
  assert.equal(cutEnd("e\u0301e\u0301e\u0301", 2), "e\u0301…");
});

test("a path keeps its beginning and more of its end", () => {
  assert.equal(cutMiddle("usr/lib/python3/dist-packages/torch/lib/libtorch.so", 21), "usr/lib/…/libtorch.so");
  assert.equal(cutMiddle("模型模型模型模型", 9), "模型…模型");
});

test("a cut text is never wider than asked", () => {
  const texts = ["usr/share/模型/🚀🚀🚀/weights.safetensors", "a".repeat(300), "e\u0301".repeat(50), "👨‍👩‍👧".repeat(20)];
  for (const text of texts) {
    for (let columns = 1; columns < 60; columns++) {
      assert.ok(widthOf(cutEnd(text, columns)) <= columns, `cutEnd ${columns}`);
      assert.ok(widthOf(cutMiddle(text, columns)) <= columns, `cutMiddle ${columns}`);
    }
  }
});

test("text is broken between words, and a long word where it must", () => {
  assert.deepEqual(wrapText("one two three", 8), ["one two", "three"]);
  assert.deepEqual(wrapText("abcdefghij xy", 4), ["abcd", "efgh", "ij", "xy"]);
  assert.deepEqual(wrapText("模型模型", 5), ["模型", "模型"]);
  assert.deepEqual(wrapText("🚀", 1), ["🚀"]);
  assert.deepEqual(wrapText("", 10), [""]);
});
