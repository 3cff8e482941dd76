import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import type { Edit, EditContext } from "../../src/contracts/edit.ts";
import { edits } from "../../src/edits/index.ts";
import { renderRewrite, rewrite, UserError } from "../../src/index.ts";
import { tarOf } from "../support/layers.ts";
import { layoutOf } from "../support/optimizing.ts";
import { editOf, folderWith, replacing, rewriteOptions } from "../support/rewriting.ts";

const nothing = { proposals: [], notes: [] };

test("proposals are made in the order of their edits, and proposed again on the result until nothing changes", async () => {
  const file = folderWith({ Dockerfile: "FROM a\nRUN one\nRUN two\n" });
  const chain = [replacing("second", "once", "ready", { order: 1 }), replacing("first", "one", "once", { order: 2 })];
  const result = await rewrite(file, rewriteOptions(), chain);
  assert.equal(result.after, "FROM a\nRUN ready\nRUN two\n");
  assert.deepEqual(
    result.changes.map(({ rule, line }) => [rule, line]),
    [
      ["first", 2],
      ["second", 2],
    ],
  );
  assert.deepEqual(result.hunks, [{ start: 11, end: 14, text: "ready", changes: [0, 1] }]);
  assert.deepEqual(result.estimated, { bytes: 2 });
  assert.equal(readFileSync(file, "utf8"), "FROM a\nRUN one\nRUN two\n");
});

test("of two that want the same characters the one of the lower order has them", async () => {
  const file = folderWith({ Dockerfile: "FROM a\nRUN one\n" });
  const both = [replacing("late", "one", "late", { order: 2 }), replacing("early", "one", "early", { order: 1 })];
  assert.equal((await rewrite(file, rewriteOptions(), both)).after, "FROM a\nRUN early\n");
});

test("a proposal whose result is no Dockerfile, or makes another instruction another one, is left out and told of", async () => {
  const file = folderWith({ Dockerfile: "FROM a\nRUN one\nRUN two\n" });
  const broken = [
    replacing("no-instruction", "RUN two", "RUM two"),
    replacing("swallows", "one\n", "one \\\n"),
    replacing("good", "two", "three", { order: 20 }),
  ];
  const result = await rewrite(file, rewriteOptions(), broken);
  assert.equal(result.after, "FROM a\nRUN one\nRUN three\n");
  assert.match(
    result.notes.find(({ rule }) => rule === "no-instruction")?.message ?? "",
    /left out: .*unknown instruction "RUM"/,
  );
  assert.match(result.notes.find(({ rule }) => rule === "swallows")?.message ?? "", /left out: line 3, which nothing changes/);
});

test("an edit that crashes, or never comes to an end, is told of and stops nothing", async () => {
  const file = folderWith({ Dockerfile: "FROM a\nRUN one\n" });
  const crashes = editOf("crashes", () => {
    throw new Error("no way");
  });
  const result = await rewrite(file, rewriteOptions(), [
    crashes,
    replacing("grows", "RUN ", "RUN x "),
    replacing("good", "one", "1"),
  ]);
  assert.match(result.after, /^FROM a\nRUN (?:x )+1\n$/);
  assert.deepEqual(
    result.notes.map(({ rule, message }) => [rule, message]),
    [
      ["grows", "its changes don't come to an end"],
      ["crashes", "crashed: no way"],
    ],
  );
});

test("comments silence an edit at an instruction, within one, or in the whole file", async () => {
  const one = replacing("one", "x", "y");
  const text =
    "FROM a\n# deadweight ignore=one because it is read later\n\nRUN x\nRUN x \\\n  # deadweight ignore=other,one\n  b\nRUN x\n";
  const some = await rewrite(folderWith({ Dockerfile: text }), rewriteOptions(), [one]);
  assert.equal(some.after, text.replace(/x\n$/, "y\n"));
  assert.deepEqual(
    some.silenced.map(({ line, reason }) => [line, reason]),
    [
      [4, "it is read later"],
      [5, ""],
    ],
  );
  const whole = await rewrite(folderWith({ Dockerfile: `# deadweight ignore=all because frozen\n${text}` }), rewriteOptions(), [
    one,
  ]);
  assert.deepEqual([whole.changes.length, whole.silenced.length], [0, 3]);
});

test("a comment that silences what is no edit is told of", async () => {
  const file = folderWith({ Dockerfile: "FROM prom/windows-exporter\n# deadweight ignore=on,one\nRUN x\n" });
  const { notes } = await rewrite(file, rewriteOptions(), [replacing("one", "x", "y")]);
  assert.deepEqual(notes, [
    { rule: "on", line: 2, endLine: 2, message: 'the comment silences what is no edit: did you mean "one"?' },
  ]);
});

test("what edits see: variables, the shipped stages, the build context, what was asked for", async () => {
  const seen: EditContext[] = [];
  const spy = editOf("spy", (context) => {
    seen.push(context);
    return nothing;
  });
  const file = folderWith({
    Dockerfile: "ARG V=1\nFROM a AS base\nENV A=$V\nFROM base AS app\nARG V\nRUN x\nFROM app AS tests\nRUN y",
    ".dockerignore": "secret\n*.log\n",
    secret: "s",
    "src/main.py": "print()",
    "src/a.log": "l",
    "b.log": "l",
  });
  const options = rewriteOptions({ target: "APP", buildArgs: new Map([["V", "2"]]), only: ["spy"], withoutGpu: true });
  await rewrite(file, options, [spy, replacing("other", "x", "y")]);
  const [context] = seen;
  assert.ok(context);
  assert.deepEqual(
    context.shipped.map(({ name }) => name),
    ["base", "app"],
  );
  assert.deepEqual(
    context.contextFiles?.map(({ path, bytes }) => `${path} ${bytes}`),
    [".dockerignore 13", "Dockerfile 84", "src/a.log 1", "src/main.py 7"],
  );
  assert.deepEqual([context.readContextFile("./src/main.py"), context.readContextFile("secret")], ["print()", undefined]);
  const [run] = context.target.instructions.slice(-1);
  assert.ok(run);
  assert.deepEqual(Object.fromEntries(context.variablesAt(run)), { A: "", V: "2" });
  assert.deepEqual([context.isAsked("spy"), context.isAsked("other"), context.withoutGpu], [true, false, true]);
});

test("levels, --fix and --skip choose among edits", async () => {
  const file = folderWith({ Dockerfile: "FROM a\nRUN 1 2 3\n" });
  const all = [
    replacing("safe", "1", "a"),
    replacing("checked", "2", "b", { safety: "verified" }),
    replacing("asked", "3", "c", { safety: "opt-in" }),
  ];
  const after = async (changes: Parameters<typeof rewriteOptions>[0]): Promise<string> =>
    (await rewrite(file, rewriteOptions(changes), all)).after.slice(11, -1);
  assert.equal(await after({ level: "lossless" }), "a 2 3");
  assert.equal(await after({ level: "verified" }), "a b 3");
  assert.equal(await after({ level: "lossless", only: ["asked"] }), "1 2 c");
  assert.equal(await after({ level: "verified", skip: ["safe"] }), "1 b 3");
  await assert.rejects(
    after({ only: ["askd"] }),
    (error) => error instanceof UserError && error.exitCode === 2 && error.hint === 'did you mean "asked"?',
  );
});

for (const [name, text] of [
  ["a frontend that is not Docker's", "# syntax=devthefuture/dockerfile-x\nFROM a"],
  ["a frontend of the labs", "# syntax=docker/dockerfile:1-labs\nFROM a"],
  ["a base image for Windows", "FROM mcr.example/windows/servercore:ltsc2022\nRUN dir"],
  ["a platform of Windows", "FROM --platform=windows/amd64 a\nRUN dir"],
  ["a tag for Windows", "FROM python:3-windowsservercore\nRUN dir"],
  ["a shell of Windows", 'FROM a\nSHELL ["powershell", "-Command"]'],
] as const) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(
      rewrite(folderWith({ Dockerfile: text }), rewriteOptions(), []),
      (error) => error instanceof UserError && error.code === "unsupported-dockerfile" && error.exitCode === 3,
    );
  });
}

test("Docker's own frontend is taken, pinned or not", async () => {
  for (const syntax of ["docker/dockerfile:1", `docker.io/docker/dockerfile:1.7@sha256:${"a".repeat(64)}`])
    assert.equal(
      (await rewrite(folderWith({ Dockerfile: `# syntax=${syntax}\nFROM a\n` }), rewriteOptions(), [])).changes.length,
      0,
    );
});

test("bytes that are no UTF-8 stay as they are", async () => {
  const bytes = Buffer.from("FROM a\nRUN echo '\xe9\xff' x\n", "latin1");
  const result = await rewrite(folderWith({ Dockerfile: bytes }), rewriteOptions(), [replacing("one", " x", " y")]);
  assert.deepEqual(Buffer.from(result.after, result.encoding), Buffer.from("FROM a\nRUN echo '\xe9\xff' y\n", "latin1"));
});

for (const edit of edits) {
  for (const ending of ["\n", "\r\n"]) {
    test(`${edit.name}, lines that end with ${JSON.stringify(ending)}: git apply takes the diff, of whose result nothing is wanted any more`, async () => {
      const file = folderWith({ Dockerfile: edit.example.before.replaceAll("\n", ending) });
      const options = rewriteOptions({ only: [edit.name], withoutGpu: true });
      const result = await rewrite(file, options);
      assert.equal(result.after.replaceAll("\r\n", "\n"), edit.example.after);
      const diff = renderRewrite(result, "diff", edits);
      // An edit that only advises gives no patch.
      const isAdvice = edit.example.before === edit.example.after;
      if (!isAdvice) execFileSync("git", ["apply", "--whitespace=nowarn"], { cwd: dirname(file), input: diff });
      assert.equal(readFileSync(file, "utf8"), result.after);
      const again = await rewrite(file, options);
      assert.deepEqual([again.changes, again.after], [[], result.after]);
    });
  }
}

test("all edits together want nothing more of what they made of all examples", async () => {
  for (const { name, example } of edits) {
    const file = folderWith({ Dockerfile: example.before });
    const options = rewriteOptions({ withoutGpu: true });
    const { after } = await rewrite(file, options);
    writeFileSync(file, after);
    assert.equal((await rewrite(file, options)).after, after, name);
  }
});

test("a byte of the image is counted once, however many changes claim it; estimates stand apart", async () => {
  const image = await layoutOf([
    {
      archive: tarOf([
        { path: "a", content: Buffer.alloc(5000, "x") },
        { path: "b", content: Buffer.alloc(1000, "y") },
      ]),
    },
  ]);
  const claiming = (name: string, from: string, entries: readonly number[]): Edit =>
    editOf(name, ({ dockerfile: { text, instructions } }) => {
      const start = text.indexOf(from);
      const [instruction] = instructions.slice(-1);
      if (start < 0 || !instruction) return nothing;
      const replacements = [{ start, end: start + 1, text: "_" }];
      const saving = { claims: entries.map((entry) => ({ entry })) };
      return { proposals: [{ instruction, message: "m", reason: "r", replacements, saving }], notes: [] };
    });
  const file = folderWith({ Dockerfile: "FROM a\nRUN 1 2 3\n" });
  const options = rewriteOptions({ image, platform: { os: "linux", architecture: "amd64" } });
  const result = await rewrite(file, options, [
    claiming("one", "1", [0]),
    claiming("both", "2", [0, 1]),
    replacing("guess", "3", "x"),
  ]);
  // A tar header has 512 bytes, and contents fill blocks of 512.
  assert.deepEqual(
    result.changes.map(({ rule, saving }) => [rule, saving.bytes, saving.basis]),
    [
      ["one", 512 + 5120, "measured"],
      ["both", 512 + 5120 + 512 + 1024, "measured"],
      ["guess", 1, "estimated"],
    ],
  );
  assert.equal(result.measured.bytes, 512 + 5120 + 512 + 1024);
  assert.deepEqual(result.estimated, { bytes: 1 });
  assert.match(
    renderRewrite(result, "table", edits),
    /Saves 7\.17 kB measured in the image \(7\.17 kB compressed\), and about 1 B estimated\./,
  );
});
