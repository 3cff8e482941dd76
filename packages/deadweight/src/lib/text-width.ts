import stringWidth from "string-width";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const ellipsis = "…";

/** Columns that a printable text takes in a terminal. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** The text when it fits into so many columns, else its beginning and an ellipsis. */
export function cutEnd(text: string, columns: number): string {
  return fits(text, columns) ? text : startOf(text, columns - 1) + ellipsis;
}

/** The text when it fits, else its beginning, an ellipsis and its end: of a path, the end says more. */
export function cutMiddle(text: string, columns: number): string {
  if (fits(text, columns)) return text;
  const end = endOf(text, Math.ceil((columns - 1) * 0.6));
  return startOf(text, columns - 1 - widthOf(end)) + ellipsis + end;
}

/** Lines of at most so many columns, broken between words; a longer word is broken where it must be. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const word of text.split(" ").flatMap((word) => pieces(word, columns))) {
    const width = widthOf(word);
    if (used > 0 && used + 1 + width > columns) {
      lines.push(line);
      line = word;
      used = width;
    } else {
      line = used === 0 ? word : `${line} ${word}`;
      used += width + (used === 0 ? 0 : 1);
    }
  }
  lines.push(line);
  return lines;
}

/** A word in pieces that fit; one piece holds at least one character, however wide. */
function pieces(word: string, columns: number): string[] {
  if (fits(word, columns)) return [word];
  const found: string[] = [];
  let piece = "";
  let used = 0;
  for (const { segment } of graphemes.segment(word)) {
    const width = widthOf(segment);
    if (piece !== "" && used + width > columns) {
      found.push(piece);
      piece = "";
      used = 0;
    }
    piece += segment;
    used += width;
  }
  return [...found, piece];
}

/** No character takes more than two columns: the quick answer for the usual text. */
function fits(text: string, columns: number): boolean {
  return text.length * 2 <= columns || widthOf(text) <= columns;
}

function startOf(text: string, columns: number): string {
  let taken = "";
  let left = columns;
  for (const { segment } of graphemes.segment(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    taken += segment;
  }
  return taken;
}

function endOf(text: string, columns: number): string {
  const segments = Array.from(graphemes.segment(text), ({ segment }) => segment);
  let start = segments.length;
  let left = columns;
  while (start > 0) {
    left -= widthOf(segments[start - 1] ?? "");
    if (left < 0) break;
    start--;
  }
  return segments.slice(start).join("");
}
