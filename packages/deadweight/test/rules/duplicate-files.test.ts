import assert from "node:assert/strict";
import { test } from "node:test";
import { duplicateFiles } from "../../src/rules/duplicate-files.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, contentClaimedBy, findingsOf } from "../support/rule-claims.ts";

const bytes = 5000;
const file = (path: string, letter: string, rest: Partial<TestEntry> = {}): TestEntry => ({
  path,
  content: letter.repeat(bytes),
  ...rest,
});

test("one copy stays: that of the lowest layer, in it the first by path", () => {
  const facts = factsOf([[file("z", "x"), file("m", "x")], [file("a", "x")]]);
  assert.deepEqual(claimedBy(duplicateFiles, facts), ["0:z", "1:a"]);
  assert.equal(contentClaimedBy(duplicateFiles, facts), 2 * bytes);
  assert.equal(
    findingsOf(duplicateFiles, facts)[0]?.message,
    "1 copy beside another in the same layer, where hard links would do, 1 copy of what a lower layer holds: /z is /m",
  );
});

test("the content alone is claimed, as each name needs its header still", () => {
  const facts = factsOf([[file("a", "x"), file("b", "x")]]);
  const [finding] = findingsOf(duplicateFiles, facts);
  assert.deepEqual(
    finding?.claims.map(({ ranges }) => ranges),
    [[[0, bytes]]],
  );
  assert.equal(finding?.safety, "verified");
});

test("examples are those that waste the most", () => {
  const big = { content: "q".repeat(9000) };
  const facts = factsOf([
    ["a", "b", "c", "d"]
      .flatMap((letter) => [file(letter, letter), file(`copy/${letter}`, letter)])
      .concat([
        { path: "big/1", ...big },
        { path: "big/2", ...big },
      ]),
  ]);
  assert.equal(
    findingsOf(duplicateFiles, facts)[0]?.message,
    "5 copies beside another in the same layer, where hard links would do: /big/2 is /big/1, /copy/a is /a, /copy/b is /b and 2 more",
  );
});

test("left alone: hard links, small files, other content of the same size, hidden copies", () => {
  const cases: Record<string, readonly (readonly TestEntry[])[]> = {
    "hard links": [[file("a", "x"), { path: "b", type: "hardlink", link: "a" }]],
    "small files": [
      [
        { path: "a", content: "x".repeat(4095) },
        { path: "b", content: "x".repeat(4095) },
      ],
    ],
    "other content of the same size": [[file("a", "x"), file("b", "y")]],
    "a copy that was removed": [[file("a", "x"), file("b", "x")], [{ path: ".wh.b" }]],
    "a copy that was overwritten": [[file("a", "x"), file("b", "x")], [file("b", "y")]],
    "the same path": [[file("a", "x")], [file("a", "x", { uid: 1 })]],
  };
  for (const [name, layers] of Object.entries(cases)) assert.deepEqual(claimedBy(duplicateFiles, factsOf(layers)), [], name);
});

test("4,096 bytes are enough", () => {
  const facts = factsOf([
    [
      { path: "a", content: "x".repeat(4096) },
      { path: "b", content: "x".repeat(4096) },
    ],
  ]);
  assert.deepEqual(claimedBy(duplicateFiles, facts), ["0:b"]);
});

test("a copy with two names is claimed once", () => {
  const facts = factsOf([[file("a", "x"), file("b", "x"), { path: "c", type: "hardlink", link: "b" }]]);
  assert.deepEqual(claimedBy(duplicateFiles, facts), ["0:b"]);
});

test("a rewritten file counts by its lowest copy, and is not claimed itself", () => {
  const facts = factsOf([[file("a", "x")], [file("a", "x", { uid: 1 }), file("b", "x")]]);
  assert.deepEqual(claimedBy(duplicateFiles, facts), ["1:b"]);
});

test("a hidden name that carries the content of a visible one can be the copy", () => {
  const facts = factsOf([[file("a", "x"), file("b", "x"), { path: "c", type: "hardlink", link: "b" }], [{ path: ".wh.b" }]]);
  assert.deepEqual(claimedBy(duplicateFiles, facts), ["0:b"]);
});
