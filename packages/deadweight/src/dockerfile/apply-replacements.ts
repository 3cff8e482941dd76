import type { Replacement, SourceRange } from "../model/dockerfile.ts";

/** Replacements in ascending order. Throws a plain error, a bug of whoever made them, where two overlap or one is outside of the text. */
export function inOrder<T extends Replacement>(text: string, replacements: readonly T[]): readonly T[] {
  const sorted = replacements.toSorted((one, other) => one.start - other.start || one.end - other.end);
  let last = 0;
  for (const { start, end } of sorted) {
    if (start < last || end < start || end > text.length) throw new Error(`a replacement of ${start} to ${end} is out of place`);
    last = end;
  }
  return sorted;
}

/** The text with each range replaced; all else stays as it is. */
export function applyReplacements(text: string, replacements: readonly Replacement[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, text: replacement } of inOrder(text, replacements)) {
    parts.push(text.slice(at, start), replacement);
    at = end;
  }
  parts.push(text.slice(at));
  return parts.join("");
}

/** Whether two ranges want the same characters; insertions at one place do, since their order would matter. */
export function overlaps(one: SourceRange, other: SourceRange): boolean {
  if (one.start === other.start) return true;
  return one.start < other.end && other.start < one.end;
}

/** Where an offset of the text after the replacements was before them; undefined within what was put in. */
export function offsetBefore(replacements: readonly Replacement[], offset: number): number | undefined {
  let shift = 0;
  for (const { start, end, text } of replacements) {
    const from = start + shift;
    if (offset < from) break;
    if (offset < from + text.length) return undefined;
    shift += text.length - (end - start);
  }
  return offset - shift;
}
