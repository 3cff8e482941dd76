import { countOf } from "../../lib/count-of.ts";
import type { HistoryRow } from "../../model/image.ts";
import { importSource, instructionOf } from "./instruction.ts";

/** A row of an image's history, read. */
export interface Row {
  readonly index: number;
  readonly keyword: string;
  readonly instruction: string;
  readonly comment: string;
  /** Milliseconds since 1970; undefined when the row has no date. */
  readonly timeMs: number | undefined;
  /** What `docker import` read it from. */
  readonly importedFrom: string | undefined;
  /** Layers of this row and the ones below. */
  readonly layers: number;
}

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;
const yearMs = 365.25 * dayMs;
/** Go's zero time stands for no date. */
const earliestMs = Date.UTC(1970, 0, 1);

/** The rows of a history, lowest first. */
export function rowsOf(history: readonly HistoryRow[]): readonly Row[] {
  let layers = 0;
  return history.map((row, index) => {
    if (!row.emptyLayer) layers++;
    const timeMs = Date.parse(row.created ?? "");
    return {
      ...instructionOf(row),
      index,
      comment: row.comment?.trim() ?? "",
      timeMs: timeMs >= earliestMs ? timeMs : undefined,
      importedFrom: importSource(row),
      layers,
    };
  });
}

/** How far in time a row is from the next, when that is more than an hour: they were built in different builds, or one was cached. */
export function gapAfter(rows: readonly Row[], index: number): string | undefined {
  const [row, next] = [rows[index], rows[index + 1]];
  if (row === undefined || next === undefined) return undefined;
  if (row.timeMs === undefined || next.timeMs === undefined) {
    if (row.timeMs === next.timeMs) return undefined;
    return row.timeMs === undefined ? "without a date unlike the next row" : "with a date unlike the next row";
  }
  const gapMs = next.timeMs - row.timeMs;
  if (Math.abs(gapMs) <= hourMs) return undefined;
  // A build for reproducible images dates its own rows long ago.
  return gapMs > 0 ? `built ${inWords(gapMs)} before the next row` : `dated ${inWords(-gapMs)} after the next row`;
}

/** A row for a sentence: its instruction in one line of at most 60 characters. */
export function shortened(row: Row): string {
  const characters = Array.from(row.instruction.replace(/\s+/g, " ").trim());
  return characters.length <= 60 ? characters.join("") : `${characters.slice(0, 59).join("")}…`;
}

function inWords(lengthMs: number): string {
  if (lengthMs < 2 * dayMs) return countOf(Math.round(lengthMs / hourMs), "hour");
  return lengthMs < 2 * yearMs ? countOf(Math.round(lengthMs / dayMs), "day") : countOf(Math.round(lengthMs / yearMs), "year");
}
