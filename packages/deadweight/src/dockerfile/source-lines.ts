import { syntaxError } from "./syntax-error.ts";
import { skipSpace } from "./white-space.ts";

/** One line of a file: its text lies from `start` to `end`, the next line begins at `next`. */
export interface SourceLine {
  readonly start: number;
  /** Before the line's ending; carriage returns belong to that. */
  readonly end: number;
  readonly next: number;
}

// BuildKit reads lines into 64 KiB and refuses longer ones (bufio.MaxScanTokenSize).
const longestLine = 65_535;

/** The lines of a text; none that is empty after the last line's ending. Throws UserError `bad-dockerfile` for a line that BuildKit refuses. */
export function sourceLines(text: string, file: string): readonly SourceLine[] {
  const lines: SourceLine[] = [];
  for (let start = 0; start < text.length;) {
    const feed = text.indexOf("\n", start);
    const next = feed === -1 ? text.length : feed + 1;
    let end = feed === -1 ? text.length : feed;
    if (end - start > longestLine) throw syntaxError(file, lines.length + 1, `the line has more than ${longestLine} characters`);
    while (end > start && text[end - 1] === "\r") end -= 1;
    lines.push({ start: start === 0 && text.startsWith("\uFEFF") ? 1 : start, end, next });
    start = next;
  }
  return lines;
}

/** Whether nothing but white space stands on the line. */
export function isBlank(text: string, line: SourceLine): boolean {
  return skipSpace(text, line.start, line.end) === line.end;
}

/** Whether the line is a comment. */
export function isComment(text: string, line: SourceLine): boolean {
  return text[skipSpace(text, line.start, line.end)] === "#" && !isBlank(text, line);
}
