import type { SourceRange } from "../../model/dockerfile.ts";

/** A range with the line feed that ends its last line, or where there is none, the one before it. */
export function wholeLines(text: string, { start, end }: SourceRange): SourceRange {
  const feed = text.indexOf("\n", end);
  if (feed >= 0) return { start, end: feed + 1 };
  const before = text.slice(0, start).replace(/\r?\n[ \t]*$/, "").length;
  return { start: before, end: text.length };
}
