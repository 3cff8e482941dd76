import { closestName } from "../lib/did-you-mean.ts";
import type { Dockerfile, ExecWord, Heredoc, Instruction, SourceRange } from "../model/dockerfile.ts";
import { checkArguments, keywords } from "./check-arguments.ts";
import { wrongWithFlags } from "./check-flags.ts";
import { parseExecForm } from "./exec-form.ts";
import { heredocStarts, readHeredocs } from "./heredocs.ts";
import { scanFlags } from "./instruction-flags.ts";
import { joinLines, type JoinedLines } from "./joined-lines.ts";
import { WordError } from "./lex-words.ts";
import { maskedGaps, type MaskedRange } from "./shell-mask.ts";
import type { SourceLine } from "./source-lines.ts";
import { syntaxError } from "./syntax-error.ts";
import { skipSpace, trimSpaceEnd } from "./white-space.ts";

/** The text that is parsed, and what is known of it. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly lines: readonly SourceLine[];
  readonly escape: Dockerfile["escape"];
}

/** What is read at once: an instruction, what the shell reads in place of its gaps, and the line after it. */
export interface ParsedInstruction {
  readonly instruction: Instruction;
  readonly masked: readonly MaskedRange[];
  readonly nextLine: number;
}

/** An instruction in the joined text, before its lines and heredocs are known. */
interface Command {
  readonly keyword: string;
  readonly flags: Instruction["flags"];
  readonly rest: SourceRange;
  readonly exec?: readonly ExecWord[];
  readonly trigger?: Command;
  readonly start: number;
}

const execKeywords = new Set(["ADD", "CMD", "COPY", "ENTRYPOINT", "HEALTHCHECK", "RUN", "SHELL", "VOLUME"]);
const heredocKeywords = new Set(["ADD", "COPY", "RUN"]);

/** Reads the instruction that begins on the line `first`. Throws UserError `bad-dockerfile`. */
export function parseInstruction(source: Source, first: number): ParsedInstruction {
  const { text, lines, escape, file } = source;
  const joined = joinLines(text, lines, first, escape);
  const command = parseCommand(source, joined, 0, first + 1);
  const inner = command.trigger ?? command;
  const starts = heredocKeywords.has(inner.keyword) && !inner.exec ? startsIn(joined.text, file, first + 1) : [];
  const { heredocs, nextLine } = readHeredocs(starts, text, lines, joined.nextLine, { file, line: first + 1 });
  const start = lines[first]?.start ?? 0;
  const place = { line: first + 1, endLine: nextLine, end: lines[nextLine - 1]?.end ?? start };
  return { instruction: withPlace({ ...command, start }, place, heredocs), masked: maskedGaps(joined), nextLine };
}

function withPlace(
  command: Command,
  place: Pick<Instruction, "line" | "endLine" | "end">,
  heredocs: readonly Heredoc[],
): Instruction {
  const { trigger, ...own } = command;
  return { ...own, ...place, heredocs, ...(trigger && { trigger: withPlace(trigger, place, heredocs) }) };
}

function parseCommand(source: Source, joined: JoinedLines, from: number, line: number): Command {
  const { text } = joined;
  const end = trimSpaceEnd(text, from, text.length);
  const start = skipSpace(text, from, end);
  const word = /^[^\t\v\f\r ]*/.exec(text.slice(start, end))?.[0] ?? "";
  const keyword = word.toUpperCase();
  if (!keywords.includes(keyword)) {
    const closest = closestName(
      word,
      keywords.map((name) => name.toLowerCase()),
    );
    const hint = closest === undefined ? `known are: ${keywords.join(", ")}` : `did you mean "${closest.toUpperCase()}"?`;
    throw syntaxError(source.file, line, `unknown instruction ${JSON.stringify(word.slice(0, 40))}`, hint);
  }
  const { flags, next } = scanFlags(text, start + word.length, end, source.escape);
  const flagsHere = flags.map((flag) => flagOf(joined, flag));
  const wrong = wrongWithFlags(flagsHere);
  if (wrong !== undefined) throw syntaxError(source.file, line, `${keyword} ${wrong}`);
  const rest = { start: Math.min(next, end), end };
  const exec = execKeywords.has(keyword) ? execOf(source.file, line, text, execStart(keyword, text, rest), end) : undefined;
  checkArguments({ file: source.file, line, keyword, text, rest, exec: exec?.map(({ value }) => value), escape: source.escape });
  return {
    keyword,
    start: joined.startOf(start),
    flags: flagsHere,
    rest: placeOf(joined, rest),
    ...(exec && { exec: exec.map((one) => ({ ...placeOf(joined, one), value: one.value })) }),
    ...(keyword === "ONBUILD" && { trigger: parseCommand(source, joined, rest.start, line) }),
  };
}

/** A heredoc's name that can't be read is an error of its instruction. */
function startsIn(text: string, file: string, line: number): ReturnType<typeof heredocStarts> {
  try {
    return heredocStarts(text);
  } catch (error) {
    if (error instanceof WordError) throw syntaxError(file, line, error.message);
    throw error;
  }
}

/** HEALTHCHECK has a word before its command. */
function execStart(keyword: string, text: string, rest: SourceRange): number {
  if (keyword !== "HEALTHCHECK") return rest.start;
  return rest.start + (/^\S*/.exec(text.slice(rest.start, rest.end))?.[0].length ?? 0);
}

function execOf(file: string, line: number, text: string, from: number, to: number): readonly ExecWord[] | undefined {
  const words = parseExecForm(text, from, to);
  if (words === "not-strings") throw syntaxError(file, line, "the JSON array holds other things than strings");
  return words;
}

function flagOf(joined: JoinedLines, flag: SourceRange): Instruction["flags"][number] {
  const text = joined.text.slice(flag.start, flag.end);
  const equals = text.indexOf("=");
  const place = placeOf(joined, flag);
  return equals === -1
    ? { ...place, name: text.slice(2) }
    : { ...place, name: text.slice(2, equals), value: text.slice(equals + 1) };
}

/** An empty range stands after what is before it. */
function placeOf(joined: JoinedLines, { start, end }: SourceRange): SourceRange {
  return start === end
    ? { start: joined.endOf(start), end: joined.endOf(start) }
    : { start: joined.startOf(start), end: joined.endOf(end) };
}
