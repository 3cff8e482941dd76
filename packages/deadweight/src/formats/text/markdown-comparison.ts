import { cutEnd, cutMiddle } from "../../lib/text-width.ts";
import type { SizeComparison } from "../../model/size-comparison.ts";
import {
  baseText,
  buildTexts,
  changedComponents,
  componentRow,
  layerRow,
  signed,
  totalRows,
  transferRows,
} from "./comparison-lines.ts";
import { printCount } from "./figures.ts";
import { folded, table, type Section } from "./markdown-page.ts";
import { markdownCode as code, markdownText as text } from "./markdown-text.ts";

const maxCell = 300;

/** The table for a pull request: totals and what a pull fetches. */
export function comparedSection(comparison: SizeComparison): Section {
  const { before, after } = comparison;
  const name = (reference: string): string => code(cutMiddle(reference, maxCell));
  const growth = signed(after.totals.tarBytes - before.totals.tarBytes);
  return {
    head: [
      `### deadweight compare: ${name(after.image.reference)} against ${name(before.image.reference)}`,
      "",
      `**${growth}** unpacked, **${signed(after.totals.compressedBytes - before.totals.compressedBytes)}** compressed. ${text(cutEnd(baseText(comparison), maxCell))}.`,
      "",
      ...table(["", ">Before", ">After", ">Difference", ">Share"]),
    ],
    rows: totalRows(comparison),
    tail: [
      ...transferRows(comparison).map(
        ([label = "", bytes = "", time = ""]) => `- ${label}: ${bytes}${time === "" ? "" : `, ${time}`}`,
      ),
      ...buildTexts(comparison).map((line) => `- ${line}`),
    ],
  };
}

/** Components that came, went or changed. */
export function componentsCompared({ components }: SizeComparison, most: number): Section {
  const changed = changedComponents(components);
  if (changed.length === 0) return { head: ["No component differs."], rows: [], tail: [] };
  const rows = changed.slice(0, most).map((pair) => {
    const [label = "", ...sizes] = componentRow(pair);
    return [pair.change === "same" ? "version" : pair.change, pair.kind, code(cutMiddle(label, maxCell)), ...sizes];
  });
  const head = table(["", "Kind", "Component", ">Before", ">After", ">Difference"]);
  return { head, rows, tail: [], more: changed.length - rows.length };
}

/** All layers, folded away. */
export function layersCompared({ layers }: SizeComparison): Section {
  const rows = layers.map((pair) => [...layerRow(pair), code(cutEnd(pair.instruction, maxCell))]);
  return folded(printCount(layers.length, "layer"), table(["", ">Before", ">After", ">Difference", "Instruction"]), rows, 0);
}
