import assert from "node:assert/strict";
import { test } from "node:test";
import { expandVariables, variablesAt } from "../../src/dockerfile/expand-variables.ts";
import { parseDockerfile } from "../../src/dockerfile/parse-dockerfile.ts";

const variables = new Map([
  ["A", "one"],
  ["EMPTY", ""],
  ["P", "/usr/local/lib/x.tar.gz"],
]);

// Each expected value is what BuildKit's own lexer gave.
for (const [text, expected] of [
  ["$A-${A}", "one-one"],
  ["$none|${none}", "|"],
  ["${EMPTY-d}${EMPTY:-d}${none-e}", "de"],
  ["${A:+set}${EMPTY:+set}${EMPTY+set}", "setset"],
  ["${none:-${A:-x}}", "one"],
  ["\\$A '$A' \"$A\"", "$A $A one"],
  ['"a \\"b\\" \\c"', 'a "b" \\c'],
  ["${P#*/}", "usr/local/lib/x.tar.gz"],
  ["${P##*/}", "x.tar.gz"],
  ["${P%.*}", "/usr/local/lib/x.tar"],
  ["${P%%.*}", "/usr/local/lib/x"],
  ["${P/l/L}", "/usr/Local/lib/x.tar.gz"],
  ["${P//l/L}", "/usr/LocaL/Lib/x.tar.gz"],
  ["a$", "a$"],
  ["${A", undefined],
  ["${A^^}", undefined],
  ["${none:?gone}", undefined],
  ["'open", undefined],
] as const) {
  test(`expands ${text}`, () => assert.equal(expandVariables({ escape: "\\" }, text, variables), expected));
}

/** The variables of the last instruction of a Dockerfile. */
function last(text: string, values: Parameters<typeof variablesAt>[2] = {}): Record<string, string> {
  const file = parseDockerfile(text);
  const instruction = file.instructions.at(-1);
  assert.ok(instruction);
  return Object.fromEntries(variablesAt(file, instruction, values));
}

test("a global ARG is seen in FROM, and in a stage only where it is named again", () => {
  const text = "ARG V=1\nARG W=$V.2\nFROM a\nARG W\nRUN x";
  assert.deepEqual(last(text), { W: "1.2" });
  assert.deepEqual(last("ARG V=1\nARG W=$V.2\nFROM a:$W"), { V: "1", W: "1.2" });
  assert.deepEqual(last(text, { buildArgs: new Map([["V", "3"]]) }), { W: "3.2" });
});

test("--build-arg wins over a default, and means nothing where no ARG names it", () => {
  const buildArgs = new Map([
    ["V", "given"],
    ["X", "not named"],
  ]);
  assert.deepEqual(last("FROM a\nARG V=default\nENV E=$V\nRUN x", { buildArgs }), { V: "given", E: "given" });
});

test("ENV of one instruction sees what was before it, and is inherited by stages built on it", () => {
  const text = "FROM a AS b\nENV A=1\nENV A=2 B=$A\nENV C old  form\nFROM b\nENV D=${B}${PATH}\nRUN x";
  const environmentOf = (image: string): ReadonlyMap<string, string> => new Map(image === "a" ? [["PATH", "/bin"]] : []);
  assert.deepEqual(last(text, { environmentOf }), { PATH: "/bin", A: "2", B: "1", C: "old  form", D: "1/bin" });
});

test("a value may go over lines and have blanks in quotes", () => {
  assert.deepEqual(last('FROM a\nENV A="x y" \\\n  # c\n  B=c\\ d\nRUN x'), { A: "x y", B: "c d" });
});
