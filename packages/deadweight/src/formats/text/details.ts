import { printBytes } from "../../lib/byte-size.ts";
import { wrapText } from "../../lib/text-width.ts";
import type { FormatOptions } from "../../contracts/format.ts";
import type { Claim, Location, OutcomeStatus, Report } from "../../model/report.ts";
import { alignColumns, type Column } from "./columns.ts";
import { groupDigits, printCount } from "./figures.ts";
import { gpuSentences } from "./gpu-sentences.ts";
import { largestFindings, type RuleFinding } from "./largest-findings.ts";
import { createPaint } from "./paint.ts";

const topClaims = 5;
const right: Column = { align: "right" };

/** All that a report holds but the smaller claims, in sections. Texts must be printable. */
export function detailLines(report: Report, options: FormatOptions): string[] {
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ["To the byte", exactLines(report, options)],
    ["Findings", largestFindings(report).flatMap((finding) => findingLines(finding, options))],
    ["GPUs", (report.gpus === undefined ? [] : gpuSentences(report.gpus)).flatMap((text) => wrapText(text, options.columns))],
    ["Components", componentLines(report, options)],
    ["Layers", layerLines(report, options)],
    ["Rules without findings", ruleLines(report, options)],
    ["Problems", problemLines(report, options)],
  ];
  const { strong } = createPaint(options.colour);
  return sections.flatMap(([heading, lines]) => (lines.length === 0 ? [] : ["", strong(heading), ...lines]));
}

function exactLines({ totals }: Report, { columns }: FormatOptions): string[] {
  const rows = [
    ["unpacked", groupDigits(totals.tarBytes)],
    ["compressed", groupDigits(totals.compressedBytes)],
    ["file content", groupDigits(totals.contentBytes)],
    ["dead weight, unpacked", groupDigits(totals.reclaimableBytes)],
    ["dead weight, compressed", groupDigits(totals.reclaimableCompressedBytes)],
  ];
  return alignColumns(rows, [{}, right], columns);
}

function findingLines(finding: RuleFinding, { columns, colour }: FormatOptions): string[] {
  const paint = createPaint(colour);
  const size = `${printBytes(finding.bytes)}, ${printBytes(finding.compressedBytes)} compressed`;
  const head = alignColumns(
    [[finding.rule, finding.safety, size]],
    [{ style: paint.strong }, { style: paint.safety }, {}],
    columns,
  );
  const remedy = finding.remedy === undefined ? [] : indented(`remedy: ${finding.remedy}`, columns);
  return [...head, ...indented(finding.message, columns), ...remedy, ...claimLines(finding.claims, columns)];
}

function claimLines(claims: readonly Claim[], columns: number): string[] {
  const sorted = claims.toSorted((a, b) => b.bytes - a.bytes);
  const rows = sorted
    .slice(0, topClaims)
    .map((claim) => [
      "   ",
      printBytes(claim.bytes),
      printBytes(claim.compressedBytes),
      `layer ${claim.location.layer}${claim.base ? " (base)" : ""}`,
      placeOf(claim.location),
      claim.basis === "measured" ? "" : claim.basis,
    ]);
  const lines = alignColumns(rows, [{}, right, { ...right, optional: true }, { optional: true }, { cut: "middle" }, {}], columns);
  const rest = sorted.slice(topClaims);
  if (rest.length === 0) return lines;
  const restBytes = rest.reduce((sum, { bytes }) => sum + bytes, 0);
  return [...lines, ...indented(`and ${printCount(rest.length, "more place")}, ${printBytes(restBytes)}`, columns)];
}

function componentLines({ components }: Report, { columns }: FormatOptions): string[] {
  const rows = components
    .toSorted((a, b) => b.tarBytes - a.tarBytes)
    .map(({ kind, name, version, origin, tarBytes, compressedBytes, files }) => [
      kind,
      version === undefined ? name : `${name} ${version}`,
      printBytes(tarBytes),
      printBytes(compressedBytes),
      groupDigits(files),
      origin ?? "",
    ]);
  const heading = ["KIND", "NAME", "UNPACKED", "COMPRESSED", "FILES", rows.some((row) => row[5] !== "") ? "WHAT" : ""];
  const form: readonly Column[] = [
    {},
    { cut: "middle" },
    right,
    { ...right, optional: true },
    { ...right, optional: true },
    { cut: "end", optional: true },
  ];
  return rows.length === 0 ? [] : alignColumns([heading, ...rows], form, columns);
}

function layerLines({ layers }: Report, { columns }: FormatOptions): string[] {
  const rows = layers.map((layer) => [
    String(layer.index),
    printBytes(layer.tarBytes),
    printBytes(layer.compressedBytes),
    groupDigits(layer.files),
    layer.base ? "base" : "own",
    layer.instruction,
  ]);
  const heading = ["LAYER", "UNPACKED", "COMPRESSED", "FILES", "FROM", "INSTRUCTION"];
  const form: readonly Column[] = [
    right,
    right,
    { ...right, optional: true },
    { ...right, optional: true },
    { optional: true },
    { cut: "end" },
  ];
  return rows.length === 0 ? [] : alignColumns([heading, ...rows], form, columns);
}

function ruleLines({ outcomes }: Report, { columns }: FormatOptions): string[] {
  const passed = outcomes.filter(({ status }) => status === "passed").map(({ rule }) => rule);
  const withReason = (status: OutcomeStatus, words: string): string[] =>
    outcomes
      .filter((outcome) => outcome.status === status)
      .flatMap(({ rule, reason }) => wrapText(`${rule}: ${words}${reason === undefined ? "" : `, ${reason}`}`, columns));
  return [
    ...(passed.length === 0 ? [] : wrapText(`passed: ${passed.join(", ")}`, columns)),
    ...withReason("not-applicable", "not applicable"),
    ...withReason("crashed", "crashed"),
  ];
}

function problemLines({ problems }: Report, { columns }: FormatOptions): string[] {
  return problems.flatMap(({ location, message }) =>
    wrapText(`layer ${location.layer}, ${placeOf(location)}: ${message}`, columns),
  );
}

function placeOf({ path, offset }: Location): string {
  const place = path === undefined ? "the whole layer" : path === "" ? "/" : path;
  return offset === undefined ? place : `${place} at byte ${offset}`;
}

function indented(text: string, columns: number): string[] {
  return wrapText(text, columns - 2).map((line) => `  ${line}`);
}
