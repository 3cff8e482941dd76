import type { Dockerfile, Instruction, SourceRange } from "../model/dockerfile.ts";
import { joinedText } from "./joined-text.ts";
import { quotedWords } from "./quoted-words.ts";
import { skipSpace } from "./white-space.ts";

/** `name=value` of ENV, LABEL or ARG, both as written; its place in the file. */
export interface Assignment extends SourceRange {
  readonly name: string;
  /** Absent for `ARG name`. */
  readonly value?: string;
}

/** What an ENV, LABEL or ARG sets, in its order; `ENV name value` too, where the value is all that follows. */
export function assignmentsOf(
  { text, escape }: Pick<Dockerfile, "text" | "escape">,
  instruction: Pick<Instruction, "keyword" | "rest">,
): readonly Assignment[] {
  const joined = joinedText(text, escape, instruction.rest);
  const words = quotedWords(joined.text, 0, joined.text.length, escape);
  const [first] = words;
  if (!first) return [];
  if (instruction.keyword !== "ARG" && !first.text.includes("=")) {
    const [name = ""] = /^[^\t\v\f\r ]*/.exec(joined.text) ?? [];
    const value = skipSpace(joined.text, name.length, joined.text.length);
    return [{ ...joined.placeOf({ start: 0, end: joined.text.length }), name, value: joined.text.slice(value) }];
  }
  return words.map((word) => {
    const equals = word.text.indexOf("=");
    const place = joined.placeOf(word);
    return equals === -1
      ? { ...place, name: word.text }
      : { ...place, name: word.text.slice(0, equals), value: word.text.slice(equals + 1) };
  });
}
