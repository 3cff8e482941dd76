import type { Heredoc } from "../model/dockerfile.ts";
import { lexWords, WordError } from "./lex-words.ts";
import type { SourceLine } from "./source-lines.ts";
import { syntaxError } from "./syntax-error.ts";

/** What `<<EOF` says of the heredoc that follows. */
type HeredocStart = Pick<Heredoc, "delimiter" | "expands" | "stripsTabs">;

const nothingSet = (): undefined => undefined;

/** The heredocs that an instruction's joined text begins, in their order. Where its quotes are open there are none, as BuildKit has it. */
export function heredocStarts(text: string): readonly HeredocStart[] {
  if (!text.includes("<<")) return [];
  return wordsWithQuotes(text).flatMap((word) => heredocStart(word) ?? []);
}

function wordsWithQuotes(text: string): readonly string[] {
  try {
    return lexWords(text, { escape: "\\", valueOf: nothingSet, keepQuotes: true, keepEscapes: true, keepUnset: true }).words;
  } catch (error) {
    if (error instanceof WordError) return [];
    throw error;
  }
}

/** Reads `3<<-"EOF"`; undefined for a word that is no heredoc. Throws WordError where BuildKit has an error. */
export function heredocStart(word: string): HeredocStart | undefined {
  const match = /^(\d*)<<(-?)[\t\n\f\r ]*([^<]*)$/.exec(word);
  const name = match?.[3] ?? "";
  if (name === "") return undefined;
  const plain = lexWords(name, { escape: "\\", valueOf: nothingSet, keepUnset: true }).words;
  const quoted = lexWords(name, { escape: "\\", valueOf: nothingSet, keepUnset: true, keepQuotes: true }).words;
  const [delimiter] = plain;
  if (plain.length !== 1 || delimiter === undefined) return undefined;
  if (quoted.length !== 1) throw new WordError(`the name of the heredoc ${name} can't be read`);
  return { delimiter, expands: quotesIn(delimiter) === quotesIn(quoted[0] ?? ""), stripsTabs: match?.[2] === "-" };
}

function quotesIn(text: string): number {
  return text.match(/['"]/g)?.length ?? 0;
}

/** Bodies of the heredocs, read from line `first` on, one after the other. Throws UserError `bad-dockerfile` when one does not end. */
export function readHeredocs(
  starts: readonly HeredocStart[],
  text: string,
  lines: readonly SourceLine[],
  first: number,
  error: { readonly file: string; readonly line: number },
): { readonly heredocs: readonly Heredoc[]; readonly nextLine: number } {
  const heredocs: Heredoc[] = [];
  let index = first;
  for (const start of starts) {
    const bodyLine = index;
    while (index < lines.length && !ends(start, text, lines[index] as SourceLine)) index += 1;
    const body = lines[bodyLine];
    const end = lines[index];
    if (!body || !end) throw syntaxError(error.file, error.line, `the heredoc ${start.delimiter} does not end`);
    heredocs.push({ ...start, start: body.start, end: end.end, body: { start: body.start, end: end.start } });
    index += 1;
  }
  return { heredocs, nextLine: index };
}

function ends({ delimiter, stripsTabs }: HeredocStart, text: string, line: SourceLine): boolean {
  const content = text.slice(line.start, line.end);
  return (stripsTabs ? content.replace(/^\t+/, "") : content) === delimiter;
}
