import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDockerfile } from "../../src/dockerfile/parse-dockerfile.ts";
import { UserError } from "../../src/lib/user-error.ts";
import type { Dockerfile, Instruction, SourceRange } from "../../src/model/dockerfile.ts";

/** `RUN 2-4 a b`: keyword, lines, what follows. */
function outline(file: Dockerfile): readonly string[] {
  return file.instructions.map((one) => {
    const lines = one.line === one.endLine ? `${one.line}` : `${one.line}-${one.endLine}`;
    return `${one.keyword} ${lines} ${textOf(file, one.rest)}`.trimEnd();
  });
}

function textOf(file: Dockerfile, { start, end }: SourceRange): string {
  return file.text.slice(start, end);
}

function only(file: Dockerfile, keyword: string): Instruction {
  const found = file.instructions.filter((one) => one.keyword === keyword);
  assert.equal(found.length, 1);
  return found[0] as Instruction;
}

function lines(...parts: readonly string[]): string {
  return parts.join("\n");
}

test("instructions have their lines and what follows the keyword, in any case and with white space before", () => {
  const file = parseDockerfile("# a\n\nfrom debian AS base\n  Run  apt-get update \t\n\tCOPY a b /c/");
  assert.deepEqual(outline(file), ["FROM 3 debian AS base", "RUN 4 apt-get update", "COPY 5 a b /c/"]);
  assert.equal(textOf(file, file.instructions[1] as Instruction), "  Run  apt-get update \t");
});

test("a continuation takes comments and blank lines with it, and joins with nothing", () => {
  const text = lines("FROM a", "RUN one \\", "  # comment", "", "  && two \\  ", "#x", "  && three", "RUN four");
  assert.deepEqual(outline(parseDockerfile(text)).slice(1), [
    "RUN 2-7 one \\\n  # comment\n\n  && two \\  \n#x\n  && three",
    "RUN 8 four",
  ]);
});

test("two escape characters at a line's end are no continuation, and a file may end in one", () => {
  assert.deepEqual(outline(parseDockerfile("FROM a\nRUN b \\\\\nRUN c \\")), ["FROM 1 a", "RUN 2 b \\\\", "RUN 3 c"]);
});

test("the escape directive makes the backtick continue lines", () => {
  const file = parseDockerfile(lines("# escape=`", "FROM a", "RUN dir c:\\", "RUN one `", "  two"));
  assert.deepEqual(outline(file).slice(1), ["RUN 3 dir c:\\", "RUN 4-5 one `\n  two"]);
  assert.equal(file.escape, "`");
});

test("directives stand at the very top, after a byte order mark too, and end at the first line that is none", () => {
  const file = parseDockerfile("\uFEFF# Syntax = docker/dockerfile:1.7 \n#check=skip=all\n# other=x\n# escape=`\nFROM a");
  assert.deepEqual(Object.fromEntries(file.directives), { syntax: "docker/dockerfile:1.7", check: "skip=all" });
  assert.equal(file.escape, "\\");
  assert.deepEqual(Object.fromEntries(parseDockerfile("\n# escape=`\nFROM a").directives), {});
  assert.equal(parseDockerfile("#!/usr/bin/env x\n# syntax=y\nFROM a").directives.get("syntax"), "y");
});

test("heredocs: several in one instruction, tabs, quotes, descriptors; their bodies are raw", () => {
  const text = lines("FROM a", 'RUN <<-E1 cat 3<<"E 2"', "\t# no comment \\", "\tE1", "body", "E1", "E 2", "RUN b");
  const file = parseDockerfile(text);
  const [first, second] = only(parseDockerfile(text.replace("RUN b", "CMD b")), "RUN").heredocs;
  assert.deepEqual(outline(file), ["FROM 1 a", 'RUN 2-7 <<-E1 cat 3<<"E 2"', "RUN 8 b"]);
  assert.deepEqual([first?.delimiter, first?.expands, first?.stripsTabs], ["E1", true, true]);
  assert.deepEqual([second?.delimiter, second?.expands, second?.stripsTabs], ["E 2", false, false]);
  assert.equal(textOf(file, first?.body as SourceRange), "\t# no comment \\\n");
  assert.equal(textOf(file, second?.body as SourceRange), "body\nE1\n");
});

test("what looks like a heredoc within quotes, in CMD or after an open quote is none", () => {
  const text = lines("FROM a", 'RUN echo "<<EOF"', "CMD cat <<EOF", "RUN echo <<EOF it's", "RUN a <<<b");
  assert.deepEqual(outline(parseDockerfile(text)).slice(1), [
    'RUN 2 echo "<<EOF"',
    "CMD 3 cat <<EOF",
    "RUN 4 echo <<EOF it's",
    "RUN 5 a <<<b",
  ]);
});

test("flags come with their place and their value as written", () => {
  const text = 'FROM a\nRUN --mount=type=cache,target="/a b" \\\n --network=none -- --x';
  const file = parseDockerfile(text);
  const run = only(file, "RUN");
  assert.deepEqual(
    run.flags.map(({ name, value }) => [name, value]),
    [
      ["mount", 'type=cache,target="/a b"'],
      ["network", "none"],
    ],
  );
  assert.equal(textOf(file, run.flags[1] as SourceRange), "--network=none");
  assert.equal(textOf(file, run.rest), "--x");
});

test("the exec form is JSON, and what is none is a shell form", () => {
  const file = parseDockerfile('FROM a\nENTRYPOINT ["a b",\\\n  "\\u0041\\"" ]\nCMD [\'x\']\nRUN []');
  const entry = only(file, "ENTRYPOINT");
  assert.deepEqual(
    entry.exec?.map(({ value }) => value),
    ["a b", 'A"'],
  );
  assert.equal(textOf(file, entry.exec?.[1] as SourceRange), '"\\u0041\\""');
  assert.equal(only(file, "CMD").exec, undefined);
  assert.deepEqual(only(file, "RUN").exec, []);
});

test("ONBUILD holds an instruction, heredocs included; HEALTHCHECK a command", () => {
  const text = lines("FROM a", "ONBUILD RUN --network=none cat <<E", "x", "E", 'HEALTHCHECK --retries=2 CMD ["t"]');
  const file = parseDockerfile(text);
  const { trigger, endLine } = only(file, "ONBUILD");
  assert.deepEqual([trigger?.keyword, trigger?.flags.length, trigger?.heredocs.length, endLine], ["RUN", 1, 1, 4]);
  assert.equal(textOf(file, trigger?.rest as SourceRange), "cat <<E");
  assert.deepEqual(
    only(file, "HEALTHCHECK").exec?.map(({ value }) => value),
    ["t"],
  );
});

test("stages know their name, base and the stage that they build on, through ARGs too", () => {
  const text = lines(
    "ARG V=1",
    "ARG FROM_STAGE=build",
    "FROM x:${V} AS Build",
    "RUN a",
    "FROM --platform=linux/amd64 $FROM_STAGE",
    "FROM BUILD",
  );
  const { stages } = parseDockerfile(text);
  assert.deepEqual(
    stages.map(({ name, base, parent, instructions }) => [name, base.text, parent, instructions.length]),
    [
      ["build", "x:${V}", undefined, 1],
      [undefined, "$FROM_STAGE", 0, 0],
      // BuildKit looks a base up as it is written, and names are in lower case: this is an image.
      [undefined, "BUILD", undefined, 0],
    ],
  );
  const withArgs = parseDockerfile(text, { buildArgs: new Map([["FROM_STAGE", "debian"]]) });
  assert.equal(withArgs.stages[1]?.parent, undefined);
});

test("CRLF: lines end before the carriage return, and the mask keeps every offset", () => {
  const text = "FROM a\r\nRUN one \\\r\n  # c\r\n  && two\r\nRUN fo\\\r\no";
  const file = parseDockerfile(text);
  assert.equal(file.lineEnding, "\r\n");
  assert.deepEqual(outline(file), ["FROM 1 a", "RUN 2-4 one \\\r\n  # c\r\n  && two", "RUN 5-6 fo\\\r\no"]);
  assert.equal(file.mask, "FROM a\r\nRUN one             && two\r\nRUN fo$''o");
});

test("the mask joins words with nothing, keeps a shell's comment going and leaves heredocs as they are", () => {
  const file = parseDockerfile(
    lines("FROM a", "RUN fo\\", "o; \\", "x # y \\", "z <<E", "\\", "#", "E", "RUN fo\\", "# 45", "o"),
  );
  assert.equal(file.mask, lines("FROM a", "RUN fo\\", "o;   x # y   z <<E", "\\", "#", "E", "RUN fo$''\\", "\\", "o"));
  const ticks = parseDockerfile(lines("# escape=`", "FROM a", "RUN fo`", "o"));
  assert.equal(ticks.mask, lines("# escape=`", "FROM a", "RUN fo\\", "o"));
});

for (const [name, text, message] of [
  ["no FROM", "# x\n", "Dockerfile:1: there is no FROM"],
  ["only ARG", "ARG A\n", "Dockerfile:1: there is no FROM"],
  ["an instruction before FROM", "RUN x\nFROM a", "Dockerfile:1: RUN stands before the first FROM"],
  ["a mistyped instruction", "FROM a\n\nRUM x", 'Dockerfile:3: unknown instruction "RUM"'],
  ["a heredoc that does not end", "FROM a\nRUN <<EOF\nx", "Dockerfile:2: the heredoc EOF does not end"],
  ["a directive twice", "# escape=`\n# escape=`\nFROM a", "Dockerfile:2: the directive escape stands there twice"],
  [
    "an escape that is none",
    "# escape=x\nFROM a",
    'Dockerfile:1: the escape character "x" is neither a backslash nor a backtick',
  ],
  ["numbers in an exec form", "FROM a\nCMD [1]", "Dockerfile:2: the JSON array holds other things than strings"],
  ["a stage's name", "FROM a AS 1b", 'Dockerfile:1: FROM calls a stage "1b", which is no name'],
  ["COPY of one path", "FROM a\nCOPY b", "Dockerfile:2: COPY needs a source and a destination"],
  ["COPY to a heredoc", "FROM a\nCOPY b <<E\nE", "Dockerfile:2: COPY can't write to a heredoc"],
  ["a flag without value", "FROM a\nCOPY --from b c", "Dockerfile:2: COPY --from has no value"],
  ["a flag twice", "FROM a\nCOPY --from=x --from=y b c", "Dockerfile:2: COPY --from stands there twice"],
  ["ENV without a value", "FROM a\nENV B", "Dockerfile:2: ENV needs a name and a value"],
  ["ENV of two forms", "FROM a\nENV B=c d", 'Dockerfile:2: ENV has "d", which is no name=value'],
  ["SHELL of one text", "FROM a\nSHELL sh -c", "Dockerfile:2: SHELL has to be a JSON array"],
  ["ONBUILD of ONBUILD", "FROM a\nONBUILD ONBUILD RUN x", "Dockerfile:2: ONBUILD can't hold this instruction"],
  ["a line that is too long", `FROM a\nRUN ${"x".repeat(65_532)}`, "Dockerfile:2: the line has more than 65535 characters"],
] as const) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => parseDockerfile(text),
      (error) => error instanceof UserError && error.code === "bad-dockerfile" && error.message === message,
    );
  });
}

test("a mistyped instruction gets a hint", () => {
  assert.throws(
    () => parseDockerfile("FORM a"),
    (error) => error instanceof UserError && error.hint === 'did you mean "FROM"?',
  );
});

test("4 MiB of the worst lines take no more than a few seconds of the processor", () => {
  const mebibytes = (text: string): string => text.repeat(Math.floor((4 * 1024 * 1024 - 100) / text.length));
  const before = process.cpuUsage();
  for (const text of [
    `FROM a\nRUN ${mebibytes("a\\\n")}`,
    `FROM a\nRUN ${mebibytes("# \\\n")}`,
    `FROM a\n${mebibytes("RUN a\n")}`,
  ])
    parseDockerfile(text);
  assert.throws(() => parseDockerfile(`FROM a\n${mebibytes('RUN <<A\n"\n')}`), UserError);
  const { user } = process.cpuUsage(before);
  assert.ok(user < 20_000_000, `${user / 1e6} s`);
});
