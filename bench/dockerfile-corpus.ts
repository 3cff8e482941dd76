// Holds the Dockerfile parser against another one on all Dockerfiles of some folders:
//
//   node bench/dockerfile-corpus.ts --oracle PROGRAM FOLDER…
//
// PROGRAM reads paths from its standard input and prints a line of JSON for each: `{ file, error?, stages: [{ name, base, n }], ins: [{
// keyword, line, end, flags, exec, args, docs: [{ name, expand, chomp, body }] }] }`, as BuildKit's parser would have it. Prints counts, and
// the first differences of each kind.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { assignmentsOf } from "../packages/deadweight/src/dockerfile/assignments.ts";
import { decodeText, encodeText } from "../packages/deadweight/src/dockerfile/decode-text.ts";
import { joinedText } from "../packages/deadweight/src/dockerfile/joined-text.ts";
import { parseDockerfile } from "../packages/deadweight/src/dockerfile/parse-dockerfile.ts";
import { UserError } from "../packages/deadweight/src/lib/user-error.ts";
import { dockerfilesIn } from "./support/dockerfiles-in.ts";
import type { Dockerfile, Instruction } from "../packages/deadweight/src/model/dockerfile.ts";

interface Theirs {
  readonly file: string;
  readonly error?: string;
  readonly stages: readonly { readonly name: string; readonly base: string; readonly n: number }[] | null;
  readonly ins: readonly TheirInstruction[] | null;
}

interface TheirInstruction {
  readonly keyword: string;
  readonly line: number;
  readonly end: number;
  readonly flags: readonly string[] | null;
  readonly exec: boolean;
  readonly args: readonly string[];
  readonly docs:
    | readonly { readonly name: string; readonly expand: boolean; readonly chomp: boolean; readonly body: string }[]
    | null;
}

const [flag, oracle, ...folders] = process.argv.slice(2);
if (flag !== "--oracle" || !oracle || folders.length === 0) throw new Error("usage: --oracle PROGRAM FOLDER…");

const counts = new Map<string, number>();
const shown = new Map<string, string[]>();
const files = dockerfilesIn(folders);
const answer = spawnSync(oracle, { input: files.join("\n"), encoding: "utf8", maxBuffer: 1 << 30 });
for (const line of answer.stdout.split("\n").filter((text) => text !== "")) compare(JSON.parse(line) as Theirs);
for (const [name, count] of [...counts].sort(([one], [other]) => one.localeCompare(other))) console.log(`${count}\t${name}`);
for (const [name, examples] of shown) console.log([`\n${name}`, ...examples].join("\n  "));

function compare(theirs: Theirs): void {
  const bytes = readFileSync(theirs.file);
  const decoded = decodeText(bytes);
  count("files");
  if (!bytes.equals(encodeText(decoded))) differ("round trip", theirs.file, "", "");
  const ours = parsed(decoded.text, theirs.file);
  if (ours instanceof UserError || theirs.error !== undefined) {
    const isBoth = ours instanceof UserError && theirs.error !== undefined;
    if (isBoth) count("rejected by both");
    else if (ours instanceof UserError) differ("rejected by ours alone", theirs.file, ours.message, "");
    else differ("rejected by theirs alone", theirs.file, "", theirs.error ?? "");
    return;
  }
  count("instructions", ours.instructions.length);
  if (ours.mask.length !== ours.text.length) differ("mask's length", theirs.file, ours.mask.length, ours.text.length);
  compareStages(ours, theirs);
  same("number of instructions", theirs.file, ours.instructions.length, theirs.ins?.length);
  for (const [index, instruction] of ours.instructions.entries()) {
    const other = theirs.ins?.[index];
    if (other) compareInstruction(ours, instruction, other, `${theirs.file}:${instruction.line}`);
  }
}

function compareStages(ours: Dockerfile, theirs: Theirs): void {
  const stages = ours.stages.map(({ name, base, instructions }) => ({
    name: name ?? "",
    base: base.text,
    n: instructions.length,
  }));
  same("stages", theirs.file, stages, theirs.stages);
}

function compareInstruction(file: Dockerfile, ours: Instruction, theirs: TheirInstruction, place: string): void {
  same("keyword", place, ours.keyword, theirs.keyword);
  same("lines", place, [ours.line, ours.endLine], [theirs.line, theirs.end]);
  same("flags", place, ours.flags.map(flagText), theirs.flags ?? []);
  same("exec form", place, (ours.trigger ?? ours).exec !== undefined, theirs.exec);
  same("arguments", place, argumentsOf(file, ours), theirs.args);
  const docs = ours.heredocs.map(({ delimiter, expands, stripsTabs, body }) => ({
    name: delimiter,
    expand: expands,
    chomp: stripsTabs,
    body: file.text.slice(body.start, body.end),
  }));
  same("heredocs", place, docs, theirs.docs ?? []);
  if (ours.flags.length > 0) count("flags", ours.flags.length);
  if (ours.exec) count("exec forms");
  if (docs.length > 0) count("heredocs", docs.length);
  if (ours.endLine > ours.line) count("instructions of several lines");
}

/** BuildKit takes quotes and escapes off. */
function flagText({ name, value }: Instruction["flags"][number]): string {
  const text = value === undefined ? `--${name}` : `--${name}=${value}`;
  return text.replace(/\\(.)|["']/gs, "$1");
}

/** An instruction's arguments as BuildKit's nodes hold them. */
function argumentsOf(file: Dockerfile, instruction: Instruction): readonly string[] {
  const joined = joinedText(file.text, file.escape, instruction.rest);
  const words = (): readonly string[] => joined.words().map(({ start, end }) => joined.text.slice(start, end));
  const exec = instruction.exec?.map(({ value }) => value);
  if (instruction.trigger) return [instruction.trigger.keyword, ...argumentsOf(file, instruction.trigger)];
  if (instruction.keyword === "HEALTHCHECK") return healthArguments(joined.text, exec);
  if (exec) return exec;
  switch (instruction.keyword) {
    case "ENV":
    case "LABEL":
      return assignmentsOf(file, instruction).flatMap(({ name, value = "" }) => [
        name,
        value,
        joined.text.startsWith(`${name}=`) || assignmentsOf(file, instruction).length > 1 ? "=" : "",
      ]);
    case "ARG":
      return assignmentsOf(file, instruction).map(({ name, value }) => (value === undefined ? name : `${name}=${value}`));
    case "ADD":
    case "COPY":
    case "EXPOSE":
    case "FROM":
    case "VOLUME":
      return words();
    default:
      return joined.text === "" ? [] : [joined.text];
  }
}

function healthArguments(text: string, exec: readonly string[] | undefined): readonly string[] {
  const [, type = "", rest = ""] = /^(\S*)\s*(.*)$/s.exec(text) ?? [];
  if (exec) return [type, ...exec];
  return rest === "" ? [type] : [type, rest];
}

function parsed(text: string, file: string): Dockerfile | UserError {
  try {
    return parseDockerfile(text, { file });
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

function same(kind: string, place: string, ours: unknown, theirs: unknown): void {
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) differ(kind, place, ours, theirs);
}

function differ(kind: string, place: string, ours: unknown, theirs: unknown): void {
  count(`DIFFERENT ${kind}`);
  const examples = shown.get(kind) ?? [];
  if (examples.length < 8) examples.push(`${place}\n    ours   ${cut(ours)}\n    theirs ${cut(theirs)}`);
  shown.set(kind, examples);
}

function cut(value: unknown): string {
  return (JSON.stringify(value) ?? "undefined").slice(0, 300);
}

function count(name: string, by = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}
