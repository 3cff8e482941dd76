import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIgnoreFile } from "../../src/dockerfile/ignore-patterns.ts";
import { UserError } from "../../src/lib/user-error.ts";

const paths = [
  "a",
  "a/b",
  "a/b/c.log",
  "b.log",
  "x/b.log",
  "xb",
  "x/a",
  "[z]",
  ".git/config",
  "node_modules/m/i.js",
  "src/node_modules/m",
  "ab",
  "a.b",
];

// Which of the paths moby's patternmatcher 0.6.1 leaves out.
for (const [text, expected] of [
  ["a", ["a", "a/b", "a/b/c.log"]],
  ["/a/", ["a", "a/b", "a/b/c.log"]],
  ["./x/../a", ["a", "a/b", "a/b/c.log"]],
  ["*.log", ["b.log"]],
  ["**/*.log", ["a/b/c.log", "b.log", "x/b.log"]],
  ["**/b", ["a/b", "a/b/c.log"]],
  ["**b", ["a/b", "a/b/c.log", "xb", "ab", "a.b"]],
  ["a/**", ["a/b", "a/b/c.log"]],
  ["**/node_modules", ["node_modules/m/i.js", "src/node_modules/m"]],
  ["a?b", ["a.b"]],
  ["[ax]b", ["xb", "ab"]],
  ["[^a]b", ["xb"]],
  ["\\[z\\]", ["[z]"]],
  [
    "*\n!b.log",
    [
      "a",
      "a/b",
      "a/b/c.log",
      "x/b.log",
      "xb",
      "x/a",
      "[z]",
      ".git/config",
      "node_modules/m/i.js",
      "src/node_modules/m",
      "ab",
      "a.b",
    ],
  ],
  ["a\n!a/b/c.log", ["a", "a/b"]],
  ["!a\na", ["a", "a/b", "a/b/c.log"]],
  ["# a\n\n  .git  \r\n", [".git/config"]],
  ["\uFEFFa.b", ["a.b"]],
  ["**", paths],
] as const) {
  test(`leaves out by ${JSON.stringify(text)}`, () => {
    assert.deepEqual(paths.filter(parseIgnoreFile(text, ".dockerignore")), expected);
  });
}

test("a pattern that is none is an error with its line", () => {
  for (const text of ["a\n[b", "a\n!", "a\nb\\"]) {
    assert.throws(
      () => parseIgnoreFile(text, ".dockerignore"),
      (error) => error instanceof UserError && error.message.startsWith(".dockerignore:2: "),
    );
  }
});
