// Layout: deb822(5), as in dpkg's status and apt's extended_states: paragraphs separated by empty lines.
import { byteStringOf, bytesOf, type ByteString } from "../../lib/byte-string.ts";

/** The fields of a paragraph that say which package it is of. */
export interface ParagraphKey {
  readonly name: ByteString;
  readonly architecture: ByteString;
  /** The third word of the status field, such as `installed`; empty where there is no such field. */
  readonly state: ByteString;
}

/** A control file without the paragraphs that are not kept; every other byte stays. */
export function keepParagraphs(bytes: Uint8Array, isKept: (key: ParagraphKey) => boolean): Uint8Array {
  const kept: ByteString[] = [];
  for (const paragraph of paragraphsOf(byteStringOf(bytes))) if (isKept(keyOf(paragraph))) kept.push(paragraph);
  return bytesOf(kept.join(""));
}

/** Paragraphs with the empty lines behind them. */
function* paragraphsOf(text: ByteString): Generator<ByteString> {
  let start = 0;
  let isBehind = false;
  for (let line = 0; line < text.length;) {
    const found = text.indexOf("\n", line);
    const end = found < 0 ? text.length : found + 1;
    const isEmpty = text.slice(line, end).trim() === "";
    if (isBehind && !isEmpty) {
      yield text.slice(start, line);
      start = line;
    }
    isBehind = isEmpty;
    line = end;
  }
  if (start < text.length) yield text.slice(start);
}

function keyOf(paragraph: ByteString): ParagraphKey {
  const field = (name: string): ByteString => new RegExp(`^${name}:[ \\t]*(.*)$`, "im").exec(paragraph)?.[1]?.trim() ?? "";
  return { name: field("package"), architecture: field("architecture"), state: field("status").split(/\s+/)[2] ?? "" };
}
