import type { Replacement } from "../model/dockerfile.ts";
import { inOrder } from "./apply-replacements.ts";

/** A replacement with what is said of it in the header of its hunk. */
export interface ExplainedReplacement extends Replacement {
  readonly comment: string;
}

/** Whole lines of the old file, counted from 0, that others take the place of. */
interface LineChange {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
  readonly comments: readonly string[];
}

const contextLines = 3;

/**
 * The replacements as a unified diff that `git apply` takes: `a/` and `b/` before the path, three lines of context, and what is said of
 * each change after the second `@@`. Lines end as they do in the text. Empty when nothing changes.
 */
export function unifiedDiff(path: string, text: string, replacements: readonly ExplainedReplacement[]): string {
  const old = splitLines(text);
  const changes = lineChanges(text, old, inOrder(text, replacements)).map((change) => trimmed(old, change));
  const real = changes.filter(({ from, to, lines }) => from < to || lines.length > 0);
  if (real.length === 0) return "";
  let shift = 0;
  const hunks = grouped(real).map((group) => {
    const hunk = hunkText(old, group, shift);
    shift += group.reduce((total, { from, to, lines }) => total + lines.length - (to - from), 0);
    return hunk;
  });
  return `--- ${quoted(`a/${path}`)}\n+++ ${quoted(`b/${path}`)}\n${hunks.join("")}`;
}

/** Lines with their endings. */
function splitLines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Every line that a replacement touches, those that touch the same together. */
function lineChanges(text: string, old: readonly string[], replacements: readonly ExplainedReplacement[]): readonly LineChange[] {
  const starts = startsOf(old);
  const groups: { from: number; to: number; parts: ExplainedReplacement[] }[] = [];
  for (const replacement of replacements) {
    const from = lineAt(starts, replacement.start, text);
    const to = Math.min(lineAt(starts, replacement.end, text) + 1, old.length);
    const last = groups.at(-1);
    if (last && from < last.to) {
      last.parts.push(replacement);
      last.to = Math.max(last.to, to);
    } else groups.push({ from, to, parts: [replacement] });
  }
  return groups.map(({ from, to, parts }) => ({
    from,
    to,
    lines: splitLines(replaced(text, starts[from] ?? text.length, starts[to] ?? text.length, parts)),
    comments: [...new Set(parts.map(({ comment }) => comment))],
  }));
}

function replaced(text: string, start: number, end: number, parts: readonly Replacement[]): string {
  let at = start;
  const pieces = parts.map((part) => {
    const piece = text.slice(at, part.start) + part.text;
    at = part.end;
    return piece;
  });
  return pieces.join("") + text.slice(at, end);
}

function startsOf(lines: readonly string[]): readonly number[] {
  let length = 0;
  return lines.map((line) => (length += line.length) - line.length);
}

/** The line that holds a character; one more than there are behind the last line's ending. */
function lineAt(starts: readonly number[], offset: number, text: string): number {
  if (offset === text.length && (text === "" || text.endsWith("\n"))) return starts.length;
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A change without the lines at its ends that stay as they are. */
function trimmed(old: readonly string[], change: LineChange): LineChange {
  const { lines } = change;
  let { from, to } = change;
  let first = 0;
  let last = lines.length;
  while (from < to && first < last && old[from] === lines[first]) {
    from += 1;
    first += 1;
  }
  while (from < to && first < last && old[to - 1] === lines[last - 1]) {
    to -= 1;
    last -= 1;
  }
  return { ...change, from, to, lines: lines.slice(first, last) };
}

/** Changes whose context would meet stand in one hunk. */
function grouped(changes: readonly LineChange[]): readonly (readonly LineChange[])[] {
  const groups: LineChange[][] = [];
  for (const change of changes) {
    const last = groups.at(-1)?.at(-1);
    if (last && change.from - last.to <= 2 * contextLines) groups.at(-1)?.push(change);
    else groups.push([change]);
  }
  return groups;
}

function hunkText(old: readonly string[], group: readonly LineChange[], shift: number): string {
  const start = Math.max(0, (group[0]?.from ?? 0) - contextLines);
  const end = Math.min(old.length, (group.at(-1)?.to ?? 0) + contextLines);
  const grown = group.reduce((total, { from, to, lines }) => total + lines.length - (to - from), 0);
  const body: string[] = [];
  let at = start;
  for (const { from, to, lines } of group) {
    body.push(...old.slice(at, from).map((line) => marked(" ", line)));
    body.push(...old.slice(from, to).map((line) => marked("-", line)), ...lines.map((line) => marked("+", line)));
    at = to;
  }
  body.push(...old.slice(at, end).map((line) => marked(" ", line)));
  const comment = [...new Set(group.flatMap(({ comments }) => comments))].join("; ");
  const ranges = `-${rangeText(start, end - start)} +${rangeText(start + shift, end - start + grown)}`;
  return `@@ ${ranges} @@${comment === "" ? "" : ` ${comment.replace(/\s+/g, " ")}`}\n${body.join("")}`;
}

/** No lines stand behind the line whose number is given. */
function rangeText(start: number, count: number): string {
  return count === 0 ? `${start},0` : `${start + 1},${count}`;
}

function marked(mark: string, line: string): string {
  return line.endsWith("\n") ? mark + line : `${mark}${line}\n\\ No newline at end of file\n`;
}

/** A path as git writes it: quoted where it has other than plain characters, a tab behind one with a blank. */
function quoted(path: string): string {
  if (/^[\x20-\x7e]*$/.test(path) && !/["\\]/.test(path)) return path.includes(" ") ? `${path}\t` : path;
  const bytes = [...Buffer.from(path, "utf8")];
  return `"${bytes.map((byte) => (byte < 0x20 || byte > 0x7e ? `\\${byte.toString(8).padStart(3, "0")}` : String.fromCharCode(byte).replace(/["\\]/, "\\$&"))).join("")}"`;
}
