import assert from "node:assert/strict";
import { test } from "node:test";
import { printable } from "../../src/lib/printable.ts";

test("plain text, CJK, accents and emoji stay as they are", () => {
  for (const text of ["", "usr/lib/libc.so.6", "模型/権重.bin", "naïve café", "weights 🚀.pt", "a\u00a0b"]) {
    assert.equal(printable(text), text);
  }
});

test("what moves, colours, reorders or hides text is written out", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a\nb\rc\td", "a\\nb\\rc\\td"],
    ["\u001b[2J\u001b]0;title\u0007", "\\x1b[2J\\x1b]0;title\\x07"],
    ["\0\u007f", "\\x00\\x7f"],
    ["\u009b31m", "\\u{9b}31m"],
    ["gpj.\u202eexe", "gpj.\\u{202e}exe"],
    ["a\u2066b\u2069", "a\\u{2066}b\\u{2069}"],
    ["pass\u200bword\ufeff", "pass\\u{200b}word\\u{feff}"],
    ["a\u00adb\u3164c", "a\\u{ad}b\\u{3164}c"],
    ["line\u2028paragraph\u2029", "line\\u{2028}paragraph\\u{2029}"],
    ["tag\u{e0041}", "tag\\u{e0041}"],
    ["lone \ud800 surrogate", "lone \\u{d800} surrogate"],
    [`e${"\u0301".repeat(6)}`, `e${"\u0301".repeat(4)}\\u{301}\\u{301}`],
  ];
  for (const [text, shown] of cases) assert.equal(printable(text), shown);
});
