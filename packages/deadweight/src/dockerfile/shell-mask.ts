import type { JoinedLines } from "./joined-lines.ts";

/** Text that takes the place of a range of the same length. */
export interface MaskedRange {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * What a shell may read in place of the gaps between joined lines. White space there or an operator makes blanks harmless, which also keep
 * a shell's comment going as joined text does. Within a word it is what a shell joins with nothing, at that very length: a backslash and a
 * line feed, and for an odd length an empty string, `$''`.
 */
export function maskedGaps(joined: JoinedLines): readonly MaskedRange[] {
  const { text, gaps } = joined;
  // Where a comment of the shell may have begun a line feed would end it, which joined text has none of.
  const hash = text.search(/(?:^|[\s;&|()])#/);
  return gaps.map(({ start, end, joinedAt }) => {
    const isApart = isBoundary(text[joinedAt - 1]) || isBoundary(text[joinedAt]) || (hash >= 0 && hash < joinedAt);
    return { start, end, text: isApart ? " ".repeat(end - start) : nothingOf(end - start) };
  });
}

function isBoundary(character: string | undefined): boolean {
  return character === undefined || /[\s;&|()]/.test(character);
}

function nothingOf(length: number): string {
  if (length === 1) return " ";
  return length % 2 === 0 ? "\\\n".repeat(length / 2) : `$''${"\\\n".repeat((length - 3) / 2)}`;
}
