import { printBytes } from "../../lib/byte-size.ts";
import { cutEnd, cutMiddle } from "../../lib/text-width.ts";
import { printPlatform } from "../../model/platform.ts";
import type { Report } from "../../model/report.ts";
import { groupDigits, printCount, printShare } from "./figures.ts";
import { gpuSentences } from "./gpu-sentences.ts";
import { largestFindings } from "./largest-findings.ts";
import { folded, table, type Section } from "./markdown-page.ts";
import { markdownCode as code, markdownText as text } from "./markdown-text.ts";

const maxCell = 300;

/** The sums, with the image above. */
export function sumsSection({ image, totals, reclaimable, baseImage }: Report): Section {
  const waste = printBytes(totals.reclaimableBytes);
  const share = printShare(totals.reclaimableBytes, totals.tarBytes);
  const rows = [
    ["Image", printBytes(totals.tarBytes), printBytes(totals.compressedBytes)],
    ["Dead weight", waste, printBytes(totals.reclaimableCompressedBytes)],
    ...reclaimable.map(({ safety, bytes, compressedBytes }) => [`↳ ${safety}`, printBytes(bytes), printBytes(compressedBytes)]),
  ];
  const content = `${printCount(totals.layers, "layer")} (${baseImage.layers} from the base image), ${printCount(totals.files, "file")}`;
  return {
    head: [
      `### deadweight: ${code(cutMiddle(image.reference, maxCell))}`,
      "",
      `**${waste}** of ${printBytes(totals.tarBytes)} (${share}) is dead weight. ${content}. ${text(cutEnd(printPlatform(image.platform), 60))}, ${code(image.digest)}.`,
      "",
      ...table(["", ">Unpacked", ">Compressed"]),
    ],
    rows,
    tail: [],
  };
}

/** What is dead weight, the most bytes first. */
export function findingsSection(report: Report, most: number): Section {
  const all = largestFindings(report);
  const rows = all
    .slice(0, most)
    .map((finding) => [
      code(finding.rule),
      finding.safety,
      printBytes(finding.bytes),
      printBytes(finding.compressedBytes),
      text(cutEnd(finding.message, maxCell)),
      text(cutEnd(finding.remedy ?? "", maxCell)),
    ]);
  if (rows.length === 0) return { head: ["No rule found dead weight."], rows: [], tail: [] };
  const head = table(["Reason", "Safety", ">Unpacked", ">Compressed", "What", "Remedy"]);
  return { head, rows, tail: [], more: all.length - rows.length };
}

/** Which GPUs the image can serve; empty for an image without code for them. */
export function gpusSection({ gpus }: Report): Section {
  const rows = (gpus === undefined ? [] : gpuSentences(gpus)).map((sentence) => [text(cutEnd(sentence, maxCell))]);
  return rows.length === 0 ? { head: [], rows, tail: [] } : { head: table(["GPUs"]), rows, tail: [] };
}

/** What makes the report incomplete; empty when nothing does. */
export function problemsSection({ problems: all, outcomes }: Report): Section {
  const crashed = outcomes.filter(({ status }) => status === "crashed");
  const rows = [
    ...crashed.map(({ rule, reason }) => [`rule ${code(rule)}`, `crashed: ${text(cutEnd(reason ?? "", maxCell))}`]),
    ...all.map(({ location, message }) => [
      `layer ${location.layer} ${code(cutMiddle(location.path ?? "", maxCell))}`,
      text(cutEnd(message, maxCell)),
    ]),
  ];
  if (rows.length === 0) return { head: [], rows: [], tail: [] };
  const count = printCount(rows.length, "problem");
  return {
    head: [`**${count}: the report is incomplete.**`, "", ...table(["Where", "Problem"])],
    rows: rows.slice(0, 20),
    tail: [],
    more: rows.length - 20,
  };
}

/** Who owns the bytes, folded away. */
export function componentsSection({ components: all }: Report, most: number): Section {
  const sorted = all.toSorted((a, b) => b.tarBytes - a.tarBytes);
  const rows = sorted
    .slice(0, most)
    .map(({ kind, name, version, tarBytes, compressedBytes, files }) => [
      kind,
      code(cutMiddle(version === undefined ? name : `${name} ${version}`, maxCell)),
      printBytes(tarBytes),
      printBytes(compressedBytes),
      groupDigits(files),
    ]);
  return folded(
    printCount(all.length, "component"),
    table(["Kind", "Name", ">Unpacked", ">Compressed", ">Files"]),
    rows,
    all.length - rows.length,
  );
}

/** The layers, folded away. */
export function layersSection({ layers: all }: Report): Section {
  const rows = all.map((layer) => [
    String(layer.index),
    printBytes(layer.tarBytes),
    printBytes(layer.compressedBytes),
    layer.base ? "base" : "own",
    code(cutEnd(layer.instruction, maxCell)),
  ]);
  return folded(printCount(all.length, "layer"), table([">Layer", ">Unpacked", ">Compressed", "From", "Instruction"]), rows, 0);
}
