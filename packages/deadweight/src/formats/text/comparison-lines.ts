import type { FormatOptions } from "../../contracts/format.ts";
import { printBytes } from "../../lib/byte-size.ts";
import { wrapText } from "../../lib/text-width.ts";
import { printPlatform } from "../../model/platform.ts";
import type { BuildTime, ComponentPair, LayerPair, SizeComparison, Transfer } from "../../model/size-comparison.ts";
import { alignColumns, type Column } from "./columns.ts";
import { groupDigits, printCount, printShare } from "./figures.ts";
import { createPaint } from "./paint.ts";

const topComponents = 15;
const right: Column = { align: "right" };

/** Totals, layers, components and transfer of two images. Texts must be printable. */
export function comparisonLines(comparison: SizeComparison, options: FormatOptions): string[] {
  return [
    ...imageLines(comparison, options),
    "",
    ...totalLines(comparison, options),
    "",
    ...layerLines(comparison, options),
    "",
    ...componentLines(comparison, options),
    "",
    ...transferLines(comparison, options),
    ...[...buildTexts(comparison), baseText(comparison)].flatMap((text) => wrapText(text, options.columns)),
  ];
}

function imageLines({ before, after }: SizeComparison, { columns, colour }: FormatOptions): string[] {
  const { strong, faint } = createPaint(colour);
  const rows = [before, after].map(({ image }, place) => [
    place === 0 ? "Before" : "After",
    image.reference,
    printPlatform(image.platform),
    image.digest.slice(0, 19),
  ]);
  return alignColumns(rows, [{}, { cut: "middle", style: strong }, {}, { optional: true, style: faint }], columns);
}

/** The rows of the totals: what, before, after, difference, share. */
export function totalRows({ before, after }: SizeComparison): readonly (readonly string[])[] {
  const row = (label: string, old: number, now: number, print: (value: number) => string): readonly string[] => [
    label,
    print(old),
    print(now),
    signed(now - old, print),
    changeShare(old, now),
  ];
  return [
    row("Unpacked", before.totals.tarBytes, after.totals.tarBytes, printBytes),
    row("Compressed", before.totals.compressedBytes, after.totals.compressedBytes, printBytes),
    row("Files", before.totals.files, after.totals.files, groupDigits),
    row("Layers", before.totals.layers, after.totals.layers, groupDigits),
    ...buildRows(before.build, after.build),
  ];
}

function buildRows(before: BuildTime | undefined, after: BuildTime | undefined): readonly (readonly string[])[] {
  if (before === undefined && after === undefined) return [];
  const [old, now] = [before, after].map((build) => build && build.durationMs / 1000);
  const print = (seconds: number | undefined): string => (seconds === undefined ? "" : printSeconds(seconds));
  const rest = old === undefined || now === undefined ? ["", ""] : [signed(now - old, printSeconds), changeShare(old, now)];
  return [["Build time", print(old), print(now), ...rest]];
}

/** What makes a build's time say less than it seems: steps that were not run. */
export function buildTexts({ before, after }: SizeComparison): string[] {
  return Object.entries({ before: before.build, after: after.build }).flatMap(([side, build]) =>
    build === undefined || build.cachedSteps === 0
      ? []
      : [`Build ${side}: ${build.cachedSteps} of ${printCount(build.steps, "step")} came from the builder's cache`],
  );
}

function totalLines(comparison: SizeComparison, { columns, colour }: FormatOptions): string[] {
  const form: readonly Column[] = [
    {},
    right,
    { ...right, style: createPaint(colour).strong },
    right,
    { ...right, optional: true },
  ];
  return alignColumns([["", "BEFORE", "AFTER", "DIFFERENCE", ""], ...totalRows(comparison)], form, columns);
}

/** A difference with its sign: `+1.20 MB`, `-3 B`, `0 B`. */
export function signed(value: number, print: (value: number) => string = printBytes): string {
  if (value === 0) return print(0);
  return `${value < 0 ? "-" : "+"}${print(Math.abs(value))}`;
}

/** `-12%`, `+<1%`; nothing where there was nothing. */
function changeShare(old: number, now: number): string {
  return old === 0 || old === now ? "" : `${now < old ? "-" : "+"}${printShare(Math.abs(now - old), old)}`;
}

function layerLines({ layers }: SizeComparison, { columns, verbose, colour }: FormatOptions): string[] {
  const shown = verbose ? layers : layers.filter(({ change }) => change !== "same");
  const same = layers.length - layers.filter(({ change }) => change !== "same").length;
  const note = createPaint(colour).faint(`${printCount(same, "layer")} the same`);
  if (shown.length === 0) return [note];
  const rows = shown.map((pair) => [...layerRow(pair), pair.instruction]);
  const form: readonly Column[] = [{}, right, right, right, { cut: "end", optional: true }];
  return [
    ...alignColumns([["LAYER", "BEFORE", "AFTER", "DIFFERENCE", "INSTRUCTION"], ...rows], form, columns),
    ...(verbose ? [] : [note]),
  ];
}

/** What became of a layer, with its unpacked bytes. */
export function layerRow({ change, before, after }: LayerPair): readonly string[] {
  const size = (bytes: number | undefined): string => (bytes === undefined ? "" : printBytes(bytes));
  return [change, size(before?.tarBytes), size(after?.tarBytes), signed((after?.tarBytes ?? 0) - (before?.tarBytes ?? 0))];
}

function componentLines({ components }: SizeComparison, { columns, verbose, colour }: FormatOptions): string[] {
  const changed = changedComponents(components);
  if (changed.length === 0) return ["No component differs."];
  const shown = changed.slice(0, verbose ? changed.length : topComponents);
  const rows = shown.map((pair) => [pair.change === "same" ? "version" : pair.change, pair.kind, ...componentRow(pair)]);
  const heading = ["COMPONENT", "KIND", "NAME", "BEFORE", "AFTER", "DIFFERENCE"];
  const form: readonly Column[] = [{}, { optional: true }, { cut: "middle" }, right, right, right];
  const more = changed.length - shown.length;
  const note = more > 0 ? [createPaint(colour).faint(`and ${printCount(more, "more component")}; --verbose shows them`)] : [];
  return [...alignColumns([heading, ...rows], form, columns), ...note];
}

/** Those that are not the same to the byte and of the same version. */
export function changedComponents(components: readonly ComponentPair[]): readonly ComponentPair[] {
  return components.filter(({ change, isOtherVersion }) => change !== "same" || isOtherVersion);
}

/** Name with versions, bytes before and after, difference. */
export function componentRow({ name, before, after, isOtherVersion }: ComponentPair): readonly string[] {
  const version = isOtherVersion
    ? `${before?.version ?? "none"} -> ${after?.version ?? "none"}`
    : (after?.version ?? before?.version);
  const size = (bytes: number | undefined): string => (bytes === undefined ? "" : printBytes(bytes));
  return [
    version === undefined ? name : `${name} ${version}`,
    size(before?.tarBytes),
    size(after?.tarBytes),
    signed((after?.tarBytes ?? 0) - (before?.tarBytes ?? 0)),
  ];
}

/** What a pull fetches, one row each. */
export function transferRows({ transfer }: SizeComparison): readonly (readonly string[])[] {
  const row = (label: string, { bytes, seconds }: Transfer["update"]): readonly string[] => [
    label,
    printBytes(bytes),
    seconds === undefined ? "" : printSeconds(seconds),
  ];
  return [
    row("First pull, before", transfer.before),
    row("First pull, after", transfer.after),
    row("Update from before", transfer.update),
  ];
}

function transferLines(comparison: SizeComparison, { columns }: FormatOptions): string[] {
  return alignColumns(transferRows(comparison), [{}, right, right], columns);
}

/** `0.8 s`, `42 s`, `3 min 20 s`. */
export function printSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** What is said of the base images. */
export function baseText({ before, after, isSameBase }: SizeComparison): string {
  if (isSameBase) return `Base image: the same ${printCount(after.baseImage.layers, "layer")} (${after.baseImage.evidence})`;
  const side = ({ baseImage }: SizeComparison["before"]): string =>
    baseImage.layers === 0 ? "none found" : `${printCount(baseImage.layers, "layer")} (${baseImage.evidence})`;
  return `Base image: before ${side(before)}, after ${side(after)}`;
}
