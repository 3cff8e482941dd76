import type { Dockerfile } from "../model/dockerfile.ts";
import { isBlank, isComment, type SourceLine } from "./source-lines.ts";

/** The text of an instruction once its continued lines are joined with nothing, and where its characters come from. */
export interface JoinedLines {
  readonly text: string;
  /** Where in the file the character at this index stands. */
  readonly startOf: (index: number) => number;
  /** Where in the file a range ends whose end in the joined text is this index. */
  readonly endOf: (index: number) => number;
  /** The line after the last, counted from 0. */
  readonly nextLine: number;
  /** What of the file is in between: continuations, comments and blank lines. */
  readonly gaps: readonly Gap[];
}

/** Characters of the file that are not in the joined text, which has `joinedAt` characters before them. */
export interface Gap {
  readonly start: number;
  readonly end: number;
  readonly joinedAt: number;
}

interface Piece {
  readonly joined: number;
  readonly source: number;
}

/**
 * Joins the line `first` with those that continue it, as BuildKit does: the escape character and spaces or tabs at the end of a line are
 * taken off unless another escape character stands before, comments and blank lines in between vanish, nothing is put in.
 */
export function joinLines(text: string, lines: readonly SourceLine[], first: number, escape: Dockerfile["escape"]): JoinedLines {
  const pieces: Piece[] = [];
  const gaps: Gap[] = [];
  const parts: string[] = [];
  let length = 0;
  let index = first;
  let gapStart = -1;
  for (let continues = true; continues && index < lines.length; index++) {
    const line = lines[index] as SourceLine;
    if (index > first && (isComment(text, line) || isBlank(text, line))) continue;
    if (gapStart >= 0) gaps.push({ start: gapStart, end: line.start, joinedAt: length });
    const cut = continuationStart(text, line, escape);
    continues = cut >= 0;
    const end = continues ? cut : line.end;
    pieces.push({ joined: length, source: line.start });
    parts.push(text.slice(line.start, end));
    length += end - line.start;
    gapStart = continues ? cut : -1;
  }
  // The file ends where a line should follow.
  if (gapStart >= 0) gaps.push({ start: gapStart, end: lines[index - 1]?.end ?? gapStart, joinedAt: length });
  const startOf = (at: number): number => sourceOf(pieces, at);
  return { text: parts.join(""), startOf, endOf: (at) => (at === 0 ? startOf(0) : startOf(at - 1) + 1), nextLine: index, gaps };
}

/** Where the continuation at the line's end begins; -1 when the line is not continued. */
function continuationStart(text: string, line: SourceLine, escape: Dockerfile["escape"]): number {
  let at = line.end;
  while (at > line.start && (text[at - 1] === " " || text[at - 1] === "\t")) at -= 1;
  if (at === line.start || text[at - 1] !== escape) return -1;
  return at - 1 > line.start && text[at - 2] === escape ? -1 : at - 1;
}

function sourceOf(pieces: readonly Piece[], at: number): number {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((pieces[middle]?.joined ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  const piece = pieces[low];
  return piece ? piece.source + at - piece.joined : at;
}
