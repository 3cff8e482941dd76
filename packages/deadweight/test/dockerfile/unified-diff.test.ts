import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { applyReplacements, offsetBefore } from "../../src/dockerfile/apply-replacements.ts";
import { unifiedDiff, type ExplainedReplacement } from "../../src/dockerfile/unified-diff.ts";

/** What `git apply` makes of a text with a diff. */
function applied(path: string, text: string, diff: string): string {
  const folder = mkdtempSync(join(tmpdir(), "deadweight-diff-"));
  try {
    writeFileSync(join(folder, path), text);
    execFileSync("git", ["apply", "--unsafe-paths", "--whitespace=nowarn", "-"], {
      cwd: folder,
      input: diff,
      stdio: ["pipe", "pipe", "pipe"],
    });
    return readFileSync(join(folder, path), "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function replace(text: string, from: string, to: string, comment = "why"): ExplainedReplacement {
  const start = text.indexOf(from);
  assert.notEqual(start, -1);
  return { start, end: start + from.length, text: to, comment };
}

const twelve = Array.from({ length: 20 }, (_, index) => `line ${index + 1}\n`).join("");

test("a hunk has three lines of context and says why", () => {
  const diff = unifiedDiff("Dockerfile", twelve, [
    replace(twelve, "line 9\n", "line nine\n", "pip-no-cache: no copy,\nsaves 1 MB"),
  ]);
  assert.equal(
    diff,
    [
      "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -6,7 +6,7 @@ pip-no-cache: no copy, saves 1 MB",
      " line 6\n line 7\n line 8\n-line 9\n+line nine\n line 10\n line 11\n line 12\n",
    ].join("\n"),
  );
});

for (const [name, text, changes] of [
  [
    "two hunks that shift",
    twelve,
    [
      ["line 2\n", ""],
      ["line 18", "line 18\nand"],
    ],
  ],
  [
    "neighbours in one hunk",
    twelve,
    [
      ["line 2", "two"],
      ["line 5\n", ""],
    ],
  ],
  [
    "two changes in one line",
    twelve,
    [
      ["li", "LI"],
      ["ne 1\n", "NE 1\n"],
    ],
  ],
  ["an insertion at the start", twelve, [["", "# syntax=x\n"]]],
  [
    "CRLF",
    twelve.replaceAll("\n", "\r\n"),
    [
      ["line 2\r\n", "two\r\nmore\r\n"],
      ["20", "twenty"],
    ],
  ],
  ["no newline at the end", "a\nb", [["b", "c"]]],
  ["a newline that goes", "a\nb\n", [["b\n", "b"]]],
  ["a newline that comes", "a\nb", [["b", "b\nc\n"]]],
  ["all of it", "a\nb\n", [["a\nb\n", "c\n"]]],
  ["only context without newline", "a\nb\nc", [["a", "x"]]],
] as const) {
  test(`git apply: ${name}`, () => {
    const replacements = changes.map(([from, to]) => replace(text, from, to));
    const diff = unifiedDiff("Dockerfile", text, replacements);
    assert.equal(applied("Dockerfile", text, diff), applyReplacements(text, replacements));
  });
}

test("git apply: an insertion behind the last line", () => {
  const end = { start: 4, end: 4, text: "c\n", comment: "" };
  assert.equal(applied("Dockerfile", "a\nb\n", unifiedDiff("Dockerfile", "a\nb\n", [end])), "a\nb\nc\n");
});

test("git apply: a file whose name has to be quoted", () => {
  for (const path of ["my Dockerfile", 'é"\\.Dockerfile'])
    assert.equal(applied(path, "a\n", unifiedDiff(path, "a\n", [replace("a\n", "a", "b")])), "b\n");
});

test("replacements that change nothing give no diff", () => {
  assert.equal(unifiedDiff("Dockerfile", twelve, [replace(twelve, "line 9", "line 9")]), "");
  assert.equal(unifiedDiff("Dockerfile", twelve, []), "");
});

test("git apply makes of any text what the replacements make", () => {
  const piece = fc.constantFrom("a", "b\n", "\n", "c\r\n", "# d", "e\ne\n");
  const change = fc.record({ at: fc.nat(40), length: fc.nat(6), text: fc.array(piece, { maxLength: 3 }) });
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 30 }), fc.array(change, { maxLength: 4 }), (pieces, changes) => {
      const text = pieces.join("");
      const replacements: ExplainedReplacement[] = [];
      let from = 0;
      for (const { at, length, text: parts } of changes) {
        const start = Math.min(text.length, from + at);
        const end = Math.min(text.length, start + length);
        replacements.push({ start, end, text: parts.join(""), comment: "x" });
        from = end + 1;
        if (from > text.length) break;
      }
      const after = applyReplacements(text, replacements);
      const diff = unifiedDiff("Dockerfile", text, replacements);
      // An empty file is none for git.
      if (after === "" || diff === "") assert.ok(after === "" || after === text);
      else assert.equal(applied("Dockerfile", text, diff), after);
    }),
    { numRuns: 60 },
  );
});

test("an offset is found where it was before replacements, and not within what they put in", () => {
  const replacements = [
    { start: 2, end: 4, text: "xyz" },
    { start: 6, end: 6, text: "Q" },
  ];
  const before = "0123456789";
  const after = applyReplacements(before, replacements);
  assert.equal(after, "01xyz45Q6789");
  assert.deepEqual(
    Array.from(after).map((_, at) => offsetBefore(replacements, at)),
    [0, 1, undefined, undefined, undefined, 4, 5, undefined, 6, 7, 8, 9],
  );
});

test("replacements that overlap are a bug", () => {
  assert.throws(() =>
    applyReplacements("abc", [
      { start: 0, end: 2, text: "" },
      { start: 1, end: 3, text: "" },
    ]),
  );
  assert.throws(() => applyReplacements("abc", [{ start: 0, end: 4, text: "" }]));
});
