import type { Dockerfile } from "../model/dockerfile.ts";
import { isSpace, skipSpace } from "./white-space.ts";

/** A word `--name=value` as written, by its place in the joined text. */
export interface FlagWord {
  readonly start: number;
  readonly end: number;
}

/** The flags from `from` on, and where what follows them begins. `--` alone ends them and is none of them. */
export function scanFlags(
  text: string,
  from: number,
  to: number,
  escape: Dockerfile["escape"],
): { readonly flags: readonly FlagWord[]; readonly next: number } {
  const flags: FlagWord[] = [];
  let at = skipSpace(text, from, to);
  while (at < to && text.startsWith("--", at)) {
    const end = wordEnd(text, at, to, escape);
    if (text.slice(at, end) === "--") return { flags, next: skipSpace(text, end, to) };
    flags.push({ start: at, end });
    at = skipSpace(text, end, to);
  }
  return { flags, next: at };
}

/** Where the word ends: at white space outside quotes. The escape character takes the next one in and out of quotes. */
function wordEnd(text: string, from: number, to: number, escape: string): number {
  let quote = "";
  let at = from;
  for (; at < to; at++) {
    const character = text.charAt(at);
    if (character === escape) at += 1;
    else if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (isSpace(character)) break;
  }
  return Math.min(at, to);
}
