import assert from "node:assert/strict";
import { test } from "node:test";
import { commandUse, hasOption, optionValue, type CommandUse } from "../../src/dockerfile/command-use.ts";
import { parseDockerfile } from "../../src/dockerfile/parse-dockerfile.ts";
import { isMounted, isRoot, runSteps, type RunStep } from "../../src/dockerfile/run-steps.ts";
import { appendToScript, insertAfterCommand, type Insertion } from "../../src/dockerfile/script-insertions.ts";
import { programOf } from "../../src/dockerfile/shell-script.ts";
import type { Dockerfile } from "../../src/model/dockerfile.ts";

interface Read {
  readonly dockerfile: Dockerfile;
  readonly step: RunStep;
}

function readAll(text: string): readonly Read[] {
  const dockerfile = parseDockerfile(text);
  return runSteps(dockerfile, dockerfile.stages).map((step) => ({ dockerfile, step }));
}

/** The first RUN after a FROM. */
function read(run: string): Read {
  const [first] = readAll(`FROM debian\n${run}\n`);
  assert.ok(first);
  return first;
}

function programs(run: string): readonly string[] {
  return (read(run).step.script?.commands ?? []).map(programOf);
}

function outcome({ dockerfile }: Read, insertion: Insertion): string {
  if ("refused" in insertion) return `refused: ${insertion.refused}`;
  const { start, end, text } = insertion.replacement;
  return dockerfile.text.slice("FROM debian\n".length, start) + text + dockerfile.text.slice(end).trimEnd();
}

function appended(run: string): string {
  const one = read(run);
  assert.ok(one.step.script, run);
  return outcome(one, appendToScript(one.dockerfile, one.step.script, "CLEAN"));
}

function behind(program: string, run: string): string {
  const one = read(run);
  const command = one.step.script?.commands.find((found) => programOf(found) === program);
  assert.ok(one.step.script && command, run);
  return outcome(one, insertAfterCommand(one.dockerfile, one.step.script, command, "CLEAN"));
}

function use(run: string): CommandUse {
  const [first] = read(run).step.uses;
  assert.ok(first, run);
  return first;
}

test("commands are found by the shell's grammar, never in data", () => {
  assert.deepEqual(programs("RUN apt-get update && apt-get install -y a; pip install b"), ["apt-get", "apt-get", "pip"]);
  assert.deepEqual(programs('RUN echo "apt-get install x" # pip install y'), ["echo"]);
  assert.deepEqual(programs("RUN <<EOF\ncat > f <<X\npip install b\nX\nls\nEOF"), ["cat", "ls"]);
  assert.deepEqual(programs("RUN if a; then (b | c); fi; d $(e)"), ["a", "b", "c", "d", "e"]);
});

test("wrappers are taken off", () => {
  const truth: readonly (readonly [string, string])[] = [
    ["sudo -E -u root apt-get update", "apt-get update"],
    ["DEBIAN_FRONTEND=noninteractive apt-get update", "apt-get update"],
    ["env -u X Y=z apt-get update", "apt-get update"],
    ["time nice -n 5 eatmydata apt-get update", "apt-get update"],
    ["timeout -k 5 60 apt-get update", "apt-get update"],
    ["python3 -u -m pip install x", "pip install x"],
    ["/opt/venv/bin/python3.11 -m pip install x", "pip install x"],
    ["/opt/venv/bin/pip3.11 install x", "/opt/venv/bin/pip3.11 install x"],
    ["micromamba run -n base pip install x", "pip install x"],
    ["conda install x", "conda install x"],
    ["python3 -m venv x", "python3 -m venv x"],
    ["$PIP install x", "$PIP install x"],
  ];
  for (const [run, expected] of truth) {
    const [command] = read(`RUN ${run}`).step.script?.commands ?? [];
    assert.equal(command?.words.map(({ text }) => text).join(" "), expected, run);
  }
});

test("values set before a program or by env are known", () => {
  const [command] = read("RUN A=1 sudo env B=2 C=$X pip install x").step.script?.commands ?? [];
  assert.deepEqual(
    [...(command?.assignments ?? [])].map(([name, value]) => `${name}=${value ?? "?"}`),
    ["A=1", "B=2", "C=?"],
  );
});

test("words keep their place across continuations and comments", () => {
  const text = "FROM a\nRUN apt-get install \\\n# why\n    foo \\\n\n  && pip install b\\\nar\n";
  const [{ step } = { step: undefined }] = readAll(text);
  const [, pip] = step?.uses ?? [];
  assert.deepEqual(
    pip?.operands.map(({ value }) => value),
    ["bar"],
  );
  assert.equal(text.slice(pip?.verbWord?.start, pip?.verbWord?.end), "install");
});

test("what no POSIX shell runs gives nothing", () => {
  assert.equal(read('RUN ["pip", "install", "x"]').step.script, undefined);
  assert.equal(read("RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF").step.script, undefined);
  assert.equal(read("RUN if then").step.script, undefined);
  assert.equal(readAll('FROM a\nSHELL ["powershell", "-c"]\nRUN pip install x\n')[0]?.step.script, undefined);
  assert.deepEqual(programs("RUN python3 <<EOF\nprint(1)\nEOF"), ["python3"]);
  assert.deepEqual(programs("RUN <<EOF\n#!/bin/bash -e\npip list\nEOF"), ["pip"]);
});

test("scripts in quotes are read when the quotes hide nothing", () => {
  assert.deepEqual(programs('RUN bash -lc "pip install x && ls"'), ["bash", "pip", "ls"]);
  assert.deepEqual(programs('RUN bash -c "pip install $X"'), ["bash"]);
  assert.deepEqual(programs("RUN sh -ex script.sh"), ["sh"]);
});

test("a command is put behind the script as the script's own list is written", () => {
  assert.equal(appended("RUN a"), "RUN a && CLEAN");
  assert.equal(appended("RUN a && \\\n    b"), "RUN a && \\\n    b && \\\n    CLEAN");
  assert.equal(appended("RUN a \\\n  && b # why"), "RUN a \\\n  && b \\\n  && CLEAN # why");
  assert.equal(appended("RUN a | b"), "RUN a | b && CLEAN");
  assert.equal(appended("RUN a; if b; then c; fi"), "RUN a; if b; then c; fi && CLEAN");
  assert.equal(appended("RUN cat <<EOF > f\ntext\nEOF"), "RUN cat <<EOF > f && CLEAN\ntext\nEOF");
});

test("under set -e the list's own separator is used, so that failures still end it", () => {
  assert.equal(appended("RUN set -eux; a; b"), "RUN set -eux; a; b; CLEAN");
  assert.equal(appended("RUN set -e; if b; then c; fi"), "RUN set -e; if b; then c; fi; CLEAN");
  assert.equal(appended("RUN set -e; a && b"), "RUN set -e; a && b && CLEAN");
  assert.match(appended("RUN set -e; a && { b; c; }"), /^refused/);
  assert.equal(appended("RUN <<EOF\nset -e\na\nb\nEOF"), "RUN <<EOF\nset -e\na\nb\nCLEAN\nEOF");
  assert.equal(appended("RUN <<EOF\na\nb\nEOF"), "RUN <<EOF\na\nb && CLEAN\nEOF");
  assert.equal(appended("RUN set -o errexit; a; set +e; b"), "RUN set -o errexit; a; set +e; b && CLEAN");
  const [strict] = readAll('FROM a\nSHELL ["/bin/bash", "-eo", "pipefail", "-c"]\nRUN a\n');
  assert.equal(strict?.step.script?.statements[0]?.stopsOnFailure, true);
});

test("nothing is put behind what never comes back, runs beside, or has a fallback", () => {
  for (const run of ["a || true", "a && b || c", "a &", "exec a", "a; exit 0", "trap b EXIT; a"]) {
    assert.match(appended(`RUN ${run}`), /^refused/, run);
  }
});

test("a command is put right behind another in its own list", () => {
  assert.equal(behind("a", "RUN a && b"), "RUN a && CLEAN && b");
  assert.equal(behind("a", "RUN a; b"), "RUN a && CLEAN; b");
  assert.equal(behind("a", "RUN set -e; a; b"), "RUN set -e; a; CLEAN; b");
  assert.equal(behind("b", "RUN set -e; a && b"), "RUN set -e; a && b && CLEAN");
  for (const run of ["if a; then b; fi", "a | b", "! a", "a || b", "f() { a; }", "(a)", "for x in y; do a; done", "echo $(a)"]) {
    assert.match(behind("a", `RUN ${run}`), /^refused/, run);
  }
  assert.match(behind("b", "RUN set -e; a && b; c"), /^refused/);
});

test("arguments are read as each command reads them", () => {
  const install = use("RUN apt-get -y -q=2 install -t bookworm-backports a b=1 $X -- -c");
  assert.equal(install.verb, "install");
  assert.deepEqual(
    install.operands.map(({ text }) => text),
    ["a", "b=1", "$X", "-c"],
  );
  assert.equal(optionValue(install, "-t"), "bookworm-backports");
  const pip = use("RUN pip3 --quiet install -r requirements.txt --index-url=https://registry.example/simple x");
  assert.deepEqual(
    [pip.tool, pip.verb, optionValue(pip, "-r"), optionValue(pip, "--index-url")],
    ["pip", "install", "requirements.txt", "https://registry.example/simple"],
  );
  assert.deepEqual(
    pip.operands.map(({ value }) => value),
    ["x"],
  );
  assert.equal(use("RUN uv pip install --system x").verb, "pip install");
  assert.equal(use("RUN uv sync").verb, "sync");
  assert.equal(use("RUN conda env create -f e.yml").verb, "env create");
  const wget = use("RUN wget -qO /tmp/a.tgz https://mirror.example/a.tgz");
  assert.deepEqual(
    [hasOption(wget, "-q"), optionValue(wget, "-O"), wget.operands[0]?.value],
    [true, "/tmp/a.tgz", "https://mirror.example/a.tgz"],
  );
  assert.equal(optionValue(use("RUN tar -xzf a.tgz -C /opt"), "-f"), "a.tgz");
  const [find] = read("RUN ls").step.script?.commands ?? [];
  assert.ok(find);
  assert.equal(commandUse(find), undefined);
});

test("a step knows user, folder, mounts and environment where it stands", () => {
  const [first, second] = readAll(
    "FROM a AS b\nWORKDIR /srv\nENV PIP_NO_CACHE_DIR=1\nUSER app\nRUN one\nFROM b\nWORKDIR sub\nUSER 0\nRUN --mount=type=cache,target=/root/.cache two\n",
  );
  assert.ok(first && second);
  assert.deepEqual([first.step.user, first.step.folder, isRoot(first.step)], ["app", "/srv", false]);
  assert.deepEqual([second.step.user, second.step.folder, isRoot(second.step)], ["0", "/srv/sub", true]);
  assert.equal(second.step.environment().get("PIP_NO_CACHE_DIR"), "1");
  assert.deepEqual(
    [isMounted(second.step, "/root/.cache/pip"), isMounted(second.step, "/root"), isMounted(second.step, "/var")],
    [true, true, false],
  );
});

test("what a RUN says is read once for all who ask, and again where variables may be others", () => {
  const dockerfile = parseDockerfile("FROM a AS one\nRUN make\nFROM one\nRUN make install\n");
  const variables = (): ReadonlyMap<string, string> => new Map();
  const [made, installed] = runSteps(dockerfile, dockerfile.stages, variables);
  assert.equal(runSteps(dockerfile, dockerfile.stages.slice(1), variables)[0], installed);
  assert.equal(runSteps(dockerfile, dockerfile.stages.slice(0, 1), variables)[0], made);
  assert.notEqual(runSteps(dockerfile, dockerfile.stages, () => new Map())[0], made);
});
