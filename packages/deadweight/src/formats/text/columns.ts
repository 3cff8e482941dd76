import { cutEnd, cutMiddle, widthOf } from "../../lib/text-width.ts";

/** How one column of cells is shown. */
export interface Column {
  readonly align?: "left" | "right";
  /** Where a cell is cut that does not fit; a column without it always keeps its width. */
  readonly cut?: "end" | "middle";
  /** Left out, the last first, when the others would have too little room. */
  readonly optional?: boolean;
  readonly style?: (text: string) => string;
}

const gap = 2;
const leastFlexible = 12;

/** Rows as lines of at most `width` columns, aligned. Cells must be printable; of the columns with `cut` one takes what is left. */
export function alignColumns(rows: readonly (readonly string[])[], columns: readonly Column[], width: number): string[] {
  const natural = columns.map((_, place) => rows.reduce((most, row) => Math.max(most, widthOf(row[place] ?? "")), 0));
  const shown = shownColumns(columns, natural, width);
  const widths = fitted(columns, natural, shown, width);
  return rows.map((row) => line(row, columns, shown, widths, width));
}

/** Places of the columns that are shown: an empty one never, an optional one where there is room. */
function shownColumns(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  let shown = columns.map((_, place) => place).filter((place) => (natural[place] ?? 0) > 0);
  const least = (place: number): number => Math.min(natural[place] ?? 0, columns[place]?.cut ? leastFlexible : Infinity);
  for (const place of shown.toReversed()) {
    if (total(shown.map(least)) <= width) break;
    if (columns[place]?.optional) shown = shown.filter((other) => other !== place);
  }
  return shown;
}

/** The width of each column; the widest flexible one gives way first. */
function fitted(columns: readonly Column[], natural: readonly number[], shown: readonly number[], width: number): number[] {
  const widths = [...natural];
  const flexible = shown.filter((place) => columns[place]?.cut).sort((a, b) => (natural[b] ?? 0) - (natural[a] ?? 0));
  for (const place of flexible) {
    const over = total(shown.map((other) => widths[other] ?? 0)) - width;
    if (over > 0) widths[place] = Math.max(leastFlexible, (widths[place] ?? 0) - over);
  }
  return widths;
}

function line(
  row: readonly string[],
  columns: readonly Column[],
  shown: readonly number[],
  widths: readonly number[],
  width: number,
): string {
  let text = "";
  let left = width;
  for (const place of shown) {
    const column = columns[place] ?? {};
    const columnWidth = Math.min(widths[place] ?? 0, left);
    if (columnWidth < 1) break;
    const cell = (column.cut === "middle" ? cutMiddle : cutEnd)(row[place] ?? "", columnWidth);
    const padding = " ".repeat(columnWidth - widthOf(cell));
    const styled = cell === "" ? "" : (column.style?.(cell) ?? cell);
    text += (column.align === "right" ? padding + styled : styled + padding) + " ".repeat(gap);
    left -= columnWidth + gap;
  }
  return text.trimEnd();
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + gap * Math.max(0, widths.length - 1);
}
