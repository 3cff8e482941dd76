import type { Dockerfile } from "../model/dockerfile.ts";
import { isSpace } from "./white-space.ts";

/** A word of ENV, LABEL or ARG by its place; its text still has quotes and escapes. */
export interface QuotedWord {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Parts words at white space outside quotes; an escape character keeps the next one together with it, but not within single quotes. */
export function quotedWords(text: string, from: number, to: number, escape: Dockerfile["escape"]): readonly QuotedWord[] {
  const words: QuotedWord[] = [];
  let start = -1;
  let quote = "";
  let droppedEnd = to;
  for (let at = from; at < to; at++) {
    const character = text.charAt(at);
    if (start < 0) {
      if (isSpace(character)) continue;
      start = at;
    } else if (quote === "" && isSpace(character)) {
      words.push({ start, end: at, text: text.slice(start, at) });
      start = -1;
      continue;
    }
    if (character === escape && quote !== "'") {
      // An escape character that ends the line is dropped.
      if (at + 1 === to) droppedEnd = at;
      else at += 1;
    } else if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === "'" || character === '"') quote = character;
  }
  if (start >= 0 && droppedEnd > start) words.push({ start, end: droppedEnd, text: text.slice(start, droppedEnd) });
  return words;
}
