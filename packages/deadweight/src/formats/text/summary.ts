import { printBytes } from "../../lib/byte-size.ts";
import { wrapText } from "../../lib/text-width.ts";
import type { FormatOptions } from "../../contracts/format.ts";
import { printPlatform } from "../../model/platform.ts";
import type { Report, Safety } from "../../model/report.ts";
import { alignColumns } from "./columns.ts";
import { printCount, printShare } from "./figures.ts";
import { shortGpuSentences } from "./gpu-sentences.ts";
import { largestFindings } from "./largest-findings.ts";
import { createPaint } from "./paint.ts";
import { shellWord } from "./shell-word.ts";

const topReasons = 5;

const safetyNotes: Readonly<Record<Safety, string>> = {
  lossless: "no program can tell",
  verified: "sound by analysis, then checked",
  "opt-in": "a program could rely on it",
};

/** The answer in about 15 lines: the image, its size, its dead weight, the top reasons, what to type next. Texts must be printable. */
export function summaryLines(report: Report, options: FormatOptions): string[] {
  return [
    ...imageLines(report, options),
    "",
    ...totalLines(report, options),
    "",
    ...reasonLines(report, options),
    "",
    ...baseLines(report, options),
    ...gpuLines(report, options),
    ...doubtLines(report, options),
    ...nextLines(report, options),
  ];
}

function imageLines({ image }: Report, { columns, colour }: FormatOptions): string[] {
  const paint = createPaint(colour);
  const name = [[image.reference, printPlatform(image.platform)]];
  return [
    ...alignColumns(name, [{ cut: "middle", style: paint.strong }, {}], columns),
    ...alignColumns([[image.digest]], [{ cut: "middle", style: paint.faint }], columns),
  ];
}

function totalLines({ totals, reclaimable }: Report, { columns, colour }: FormatOptions): string[] {
  const paint = createPaint(colour);
  const share = `${printShare(totals.reclaimableBytes, totals.tarBytes)} of the image`;
  const rows = [
    figures(
      "Total",
      totals.tarBytes,
      totals.compressedBytes,
      `${printCount(totals.layers, "layer")}, ${printCount(totals.files, "file")}`,
    ),
    figures("Dead weight", totals.reclaimableBytes, totals.reclaimableCompressedBytes, share),
    ...reclaimable
      .filter(({ bytes }) => bytes > 0)
      .map(({ safety, bytes, compressedBytes }) => figures(`  ${safety}`, bytes, compressedBytes, safetyNotes[safety])),
  ];
  const right = { align: "right" } as const;
  return alignColumns(
    rows,
    [{ style: paint.safety }, { ...right, style: paint.strong }, right, { cut: "end", optional: true }],
    columns,
  );
}

function figures(label: string, bytes: number, compressedBytes: number, note: string): string[] {
  return [label, printBytes(bytes), `${printBytes(compressedBytes)} compressed`, note];
}

function reasonLines(report: Report, { columns, colour }: FormatOptions): string[] {
  const findings = largestFindings(report);
  if (findings.length === 0) return ["No rule found dead weight."];
  const paint = createPaint(colour);
  const rows = findings
    .slice(0, topReasons)
    .map((finding) => [
      finding.rule,
      printBytes(finding.bytes),
      printBytes(finding.compressedBytes),
      finding.safety,
      finding.message,
    ]);
  const heading = ["REASON", "UNPACKED", "COMPRESSED", "SAFETY", "WHAT"];
  const right = { align: "right" } as const;
  const lines = alignColumns(
    [heading, ...rows],
    [{ cut: "end" }, right, { ...right, optional: true }, { style: paint.safety }, { cut: "end", optional: true }],
    columns,
  );
  const more = findings.length - topReasons;
  return more > 0 ? [...lines, paint.faint(`and ${printCount(more, "more finding", "more findings")}`)] : lines;
}

function baseLines({ baseImage, totals }: Report, { columns }: FormatOptions): string[] {
  const layers = `${baseImage.layers} of ${printCount(totals.layers, "layer")}`;
  const text = baseImage.layers === 0 ? "Base image: none found" : `Base image: ${layers}`;
  return wrapText(`${text} (${baseImage.evidence})`, columns);
}

function gpuLines({ gpus }: Report, { columns }: FormatOptions): string[] {
  const sentences = gpus === undefined ? [] : shortGpuSentences(gpus);
  return sentences.flatMap((sentence) => wrapText(`GPU: ${sentence}`, columns));
}

/** What makes the answer incomplete is said in the short form too. */
function doubtLines({ problems, outcomes }: Report, { columns, colour, verbose }: FormatOptions): string[] {
  const crashed = outcomes.filter(({ status }) => status === "crashed").map(({ rule }) => rule);
  const where = verbose ? "below" : "--verbose lists them";
  const texts = [
    ...(problems.length > 0 ? [`${printCount(problems.length, "problem")}: not all could be read; ${where}`] : []),
    ...(crashed.length > 0 ? [`${printCount(crashed.length, "rule")} crashed (a bug): ${crashed.join(", ")}`] : []),
  ];
  return texts.flatMap((text) => wrapText(text, columns)).map(createPaint(colour).alarm);
}

/** The command is never cut, so that it can be copied. */
function nextLines(report: Report, { verbose }: FormatOptions): string[] {
  const top = largestFindings(report)[0];
  if (!verbose) return [`Next: deadweight analyze ${shellWord(report.image.reference)} --verbose`];
  return top === undefined ? [] : [`Next: deadweight explain ${shellWord(top.rule)}`];
}
