import { printBytes } from "../../lib/byte-size.ts";
import { printDuration } from "../../lib/duration.ts";
import { cutEnd } from "../../lib/text-width.ts";
import type { BuildOutcome } from "../../model/build-outcome.ts";
import { buildConclusion, builtBytes } from "./build-lines.ts";
import { folded, table, type Section } from "./markdown-page.ts";
import { markdownCode as code, markdownText as text } from "./markdown-text.ts";

const maxCell = 300;

/** Both builds, the edits, and the steps of both, folded. */
export function buildSections(outcome: BuildOutcome): readonly Section[] {
  return [sidesSection(outcome), ...editsSection(outcome), ...stepsSections(outcome)];
}

function sidesSection(outcome: BuildOutcome): Section {
  const { original, candidate } = outcome;
  const { before, after } = builtBytes(outcome);
  const sides = [
    ["Original", before, original],
    ["Candidate", after, candidate],
  ] as const;
  return {
    head: [
      `### deadweight build: ${code(cutEnd(original.path, maxCell))}`,
      "",
      `**${text(cutEnd(buildConclusion(outcome), maxCell))}**`,
      "",
      ...table(["", ">Size", ">Built in", "Image"]),
    ],
    rows: sides.flatMap(([name, bytes, side]) =>
      side === undefined
        ? []
        : [[name, printBytes(bytes ?? 0), printDuration(side.image.durationMs), code(cutEnd(side.tag, maxCell))]],
    ),
    tail: [],
  };
}

function editsSection({ edits }: BuildOutcome): readonly Section[] {
  if (edits.length === 0) return [];
  const rows = edits.map(({ edit, line, message, predictedBytes, status, reason }) => [
    code(edit),
    String(line),
    printBytes(predictedBytes),
    status === "dropped" ? "**dropped**" : status,
    text(cutEnd(reason ?? message, maxCell)),
  ]);
  return [{ head: table(["Edit", ">Line", ">To save", "Status", "What"]), rows, tail: [] }];
}

function stepsSections({ original, candidate }: BuildOutcome): readonly Section[] {
  const sides = [
    ["Steps of the original", original],
    ["Steps of the candidate", candidate],
  ] as const;
  return sides.flatMap(([title, side]) => {
    if (side === undefined) return [];
    const rows = side.image.steps.map(({ text: step, line, durationMs = 0, isCached }) => [
      code(cutEnd(step, maxCell)),
      line === undefined ? "" : String(line),
      isCached ? "cached" : printDuration(durationMs),
    ]);
    return [folded(title, table(["Step", ">Line", ">Time"]), rows, 0)];
  });
}
