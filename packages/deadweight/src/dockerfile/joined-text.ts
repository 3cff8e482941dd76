import type { Dockerfile, SourceRange } from "../model/dockerfile.ts";
import { joinLines } from "./joined-lines.ts";
import { sourceLines } from "./source-lines.ts";
import { plainWords } from "./white-space.ts";

/** A part of an instruction with its continuations, comments and blank lines taken out, as BuildKit and the shell get it. */
export interface JoinedText {
  readonly text: string;
  /** Where a range of the joined text stands in the file. */
  readonly placeOf: (range: SourceRange) => SourceRange;
  /** Its words by white space alone, as FROM, COPY and EXPOSE have them; ranges of the joined text. */
  readonly words: () => readonly SourceRange[];
}

/** Joins a range of a Dockerfile that begins within an instruction and holds no heredoc. */
export function joinedText(text: string, escape: Dockerfile["escape"], range: SourceRange): JoinedText {
  const slice = text.slice(range.start, range.end);
  if (!slice.includes("\n")) return joinedWith(slice, (at) => range.start + at);
  const joined = joinLines(slice, sourceLines(slice, ""), 0, escape);
  return joinedWith(joined.text, (at) => range.start + joined.startOf(at));
}

function joinedWith(text: string, startOf: (at: number) => number): JoinedText {
  return {
    text,
    placeOf: ({ start, end }) => ({ start: startOf(start), end: end > start ? startOf(end - 1) + 1 : startOf(start) }),
    words: () => plainWords(text, 0, text.length),
  };
}
