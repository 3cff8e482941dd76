import type { FormatOptions } from "../../contracts/format.ts";
import { printBytes } from "../../lib/byte-size.ts";
import { wrapText } from "../../lib/text-width.ts";
import type { Optimization, Weight } from "../../model/optimization.ts";
import { printPlatform } from "../../model/platform.ts";
import { alignColumns } from "./columns.ts";
import { printCount, printShare } from "./figures.ts";
import { freedByTransform } from "./freed-by-transform.ts";
import { createPaint } from "./paint.ts";
import { shellWord } from "./shell-word.ts";

/** Changes that are listed one by one when details are asked for; `--changes` writes all. */
const mostChanges = 200;
const right = { align: "right" } as const;

/** What became of an image: what it weighs before and after, what each transform freed, what to type next. Texts must be printable. */
export function optimizationLines(optimization: Optimization, options: FormatOptions): string[] {
  return [
    ...sourceLines(optimization, options),
    "",
    ...weightLines(optimization, options),
    ...platformLines(optimization, options),
    "",
    ...transformLines(optimization, options),
    ...(options.verbose ? changeLines(optimization, options) : []),
    "",
    ...omissionLines(optimization, options),
    ...optimization.notes.flatMap((note) => wrapText(`Note: ${note}`, options.columns)),
    ...resultLines(optimization, options),
    ...nextLines(optimization),
  ];
}

function sourceLines({ image, indexDigest, platforms }: Optimization, { columns, colour }: FormatOptions): string[] {
  const paint = createPaint(colour);
  const of = platforms === undefined ? printPlatform(image.platform) : printCount(platforms.length, "platform");
  const name = [[image.reference, of]];
  return [
    ...alignColumns(name, [{ cut: "middle", style: paint.strong }, {}], columns),
    ...alignColumns([[indexDigest ?? image.digest]], [{ cut: "middle", style: paint.faint }], columns),
  ];
}

function weightLines({ before, predicted, after }: Optimization, { columns, colour }: FormatOptions): string[] {
  const row = (label: string, { tarBytes, compressedBytes }: Weight): string[] => [
    label,
    printBytes(tarBytes),
    `${printBytes(compressedBytes)} compressed`,
    label === "Before" ? "" : `${printShare(before.tarBytes - tarBytes, before.tarBytes)} less`,
  ];
  const rows = [row("Before", before), row("Predicted", predicted), ...(after === undefined ? [] : [row("After", after)])];
  return alignColumns(rows, [{}, { ...right, style: createPaint(colour).strong }, right, { ...right, optional: true }], columns);
}

/** What each image of an index weighs, uncompressed. */
function platformLines({ platforms = [] }: Optimization, { columns }: FormatOptions): string[] {
  if (platforms.length === 0) return [];
  const rows = platforms.map(({ platform, before, predicted, after }) => [
    printPlatform(platform),
    printBytes(before.tarBytes),
    printBytes(predicted.tarBytes),
    after === undefined ? "" : printBytes(after.tarBytes),
    `${printShare(before.tarBytes - (after ?? predicted).tarBytes, before.tarBytes)} less`,
  ]);
  const heading = ["PLATFORM", "BEFORE", "PREDICTED", platforms.some(({ after }) => after !== undefined) ? "AFTER" : "", ""];
  return ["", ...alignColumns([heading, ...rows], [{ cut: "end" }, right, right, right, { ...right, optional: true }], columns)];
}

function transformLines(optimization: Optimization, { columns }: FormatOptions): string[] {
  const freed = freedByTransform(optimization);
  if (freed.length === 0) {
    const what = optimization.result?.isCopy === true ? "; the result is a copy" : "";
    return wrapText(`Nothing to change at the level ${optimization.level}${what}.`, columns);
  }
  const rows = freed.map(({ transform, bytes, entries, reason }) => [
    transform,
    printFreed(bytes),
    printCount(entries, "entry", "entries"),
    reason,
  ]);
  const heading = ["TRANSFORM", "FREED", "CHANGED", "FOR INSTANCE"];
  return alignColumns([heading, ...rows], [{ cut: "end" }, right, right, { cut: "end", optional: true }], columns);
}

function printFreed(bytes: number): string {
  return bytes < 0 ? `-${printBytes(-bytes)}` : printBytes(bytes);
}

function changeLines({ changes }: Optimization, { columns }: FormatOptions): string[] {
  if (changes.length === 0) return [];
  const largest = changes.toSorted((one, other) => other.bytesBefore - other.bytesAfter - (one.bytesBefore - one.bytesAfter));
  const rows = largest
    .slice(0, mostChanges)
    .map((change) => [
      change.action,
      printFreed(change.bytesBefore - change.bytesAfter),
      change.platform ?? "",
      String(change.layer),
      change.path,
      change.reason,
    ]);
  const heading = ["CHANGE", "FREED", changes[0]?.platform === undefined ? "" : "PLATFORM", "LAYER", "PATH", "REASON"];
  const columnsOf = [{}, right, {}, right, { cut: "middle" }, { cut: "end", optional: true }] as const;
  const more = changes.length - rows.length;
  return [
    "",
    ...alignColumns([heading, ...rows], columnsOf, columns),
    ...(more > 0 ? [`and ${printCount(more, "more change")}; --changes FILE lists all`] : []),
  ];
}

function omissionLines({ omissions }: Optimization, { columns, verbose }: FormatOptions): string[] {
  if (omissions.length === 0) return [];
  const shown = omissions.slice(0, verbose ? omissions.length : 5);
  const more = omissions.length - shown.length;
  const rows = shown.map(({ reason, digest }) => [digest.slice(0, 19), reason]);
  return [
    "Not in the result:",
    ...alignColumns(rows, [{}, { cut: "end" }], columns - 2).map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${printCount(more, "more", "more")}`] : []),
  ];
}

function resultLines({ result }: Optimization, { columns, colour }: FormatOptions): string[] {
  if (result === undefined) return ["Nothing was written."];
  const paint = createPaint(colour);
  const state = result.isValidated ? "read again and compared: as planned" : "not validated";
  return [
    ...alignColumns(
      [["Result:", result.reference, state]],
      [{}, { cut: "middle", style: paint.strong }, { optional: true }],
      columns,
    ),
    ...alignColumns([[result.digest]], [{ cut: "middle", style: paint.faint }], columns),
  ];
}

/** The command is never cut, so that it can be copied. */
function nextLines({ image, result, level }: Optimization): string[] {
  if (result !== undefined) return [`Next: deadweight analyze ${shellWord(result.reference)}`];
  const flag = level === "lossless" ? "" : ` --level ${level}`;
  return [`Next: deadweight optimize ${shellWord(image.reference)} -o DEST${flag}`];
}
