import type { FormatOptions } from "../../contracts/format.ts";
import { printBytes } from "../../lib/byte-size.ts";
import { printDuration } from "../../lib/duration.ts";
import { wrapText } from "../../lib/text-width.ts";
import type { BuildStep } from "../../model/build.ts";
import type { BuildOutcome, EditOutcome } from "../../model/build-outcome.ts";
import { alignColumns, type Column } from "./columns.ts";
import { printCount, printShare } from "./figures.ts";
import { createPaint } from "./paint.ts";
import { conclusionOf, verdictLines } from "./verification-lines.ts";

const right: Column = { align: "right" };
const slowSteps = 5;

/** Sizes and times of both builds, what became of each edit, the verdicts, and what it comes to. Texts must be printable. */
export function buildLines(outcome: BuildOutcome, options: FormatOptions): string[] {
  const { verification, edits } = outcome;
  return [
    ...sideLines(outcome, options),
    "",
    ...stepLines(outcome, options),
    ...(edits.length === 0 ? [] : ["", ...editLines(edits, options)]),
    ...(verification === undefined ? [] : ["", ...verdictLines(verification, options)]),
    "",
    ...wrapText(buildConclusion(outcome), options.columns),
  ];
}

/** Bytes of both images, counted alike: layers as archives where both were read, else as the engine counts. */
export function builtBytes({ original, candidate, verification }: BuildOutcome): {
  readonly before: number;
  readonly after?: number;
} {
  const [before, after] = [verification?.before.tarBytes, verification?.after.tarBytes];
  if (before !== undefined && after !== undefined) return { before, after };
  return { before: original.image.engineBytes, ...(candidate === undefined ? {} : { after: candidate.image.engineBytes }) };
}

function sideLines(outcome: BuildOutcome, { columns, colour }: FormatOptions): string[] {
  const { original, candidate } = outcome;
  const { before, after } = builtBytes(outcome);
  const rows = [
    ["", "SIZE", "BUILT IN", "KEPT AS", "DOCKERFILE"],
    ["Original", printBytes(before), printDuration(original.image.durationMs), original.tag, original.path],
  ];
  if (candidate !== undefined) {
    const { durationMs } = candidate.image;
    rows.push(["Candidate", printBytes(after ?? 0), printDuration(durationMs), candidate.tag, candidate.path]);
  }
  const { strong } = createPaint(colour);
  return alignColumns(rows, [{ style: strong }, right, right, { cut: "middle" }, { cut: "middle", optional: true }], columns);
}

function stepLines({ original, candidate }: BuildOutcome, options: FormatOptions): string[] {
  const rows = [
    ...stepRows("original", original.image.steps, options),
    ...stepRows("candidate", candidate?.image.steps ?? [], options),
  ];
  const head = [["STEP", "OF", "LINE", "TIME"]];
  return alignColumns([...head, ...rows], [{ cut: "end" }, {}, right, right], options.columns);
}

/** The slowest, in their order; all with `--verbose`. */
function stepRows(of: string, steps: readonly BuildStep[], { verbose }: FormatOptions): string[][] {
  const slowest = new Set(
    steps.toSorted((one, other) => timeOf(other) - timeOf(one)).slice(0, verbose ? steps.length : slowSteps),
  );
  return steps
    .filter((step) => slowest.has(step))
    .map((step) => [
      step.text,
      of,
      step.line === undefined ? "" : String(step.line),
      step.isCached ? "cached" : printDuration(timeOf(step)),
    ]);
}

function timeOf({ durationMs = 0, isCached }: BuildStep): number {
  return isCached ? 0 : durationMs;
}

function editLines(edits: readonly EditOutcome[], { columns, colour }: FormatOptions): string[] {
  const { alarm } = createPaint(colour);
  const style = (text: string): string => (text.trim() === "dropped" ? alarm(text) : text);
  const rows = edits.map(({ edit, line, predictedBytes, basis, status }) => [
    edit,
    String(line),
    `${basis === "estimated" ? "about " : ""}${printBytes(predictedBytes)}`,
    status,
  ]);
  const dropped = edits.filter(({ reason }) => reason !== undefined);
  return [
    ...alignColumns([["EDIT", "LINE", "TO SAVE", "STATUS"], ...rows], [{ cut: "end" }, right, right, { style }], columns),
    ...dropped.flatMap(({ edit, line, reason = "" }) => wrapText(`${edit} (line ${line}) was dropped: ${reason}`, columns)),
  ];
}

/** The result in a sentence or two. */
export function buildConclusion(outcome: BuildOutcome): string {
  const { candidate, verification, failure, passed, edits } = outcome;
  if (candidate === undefined) {
    if (failure !== undefined) return `No candidate: ${failure}.`;
    return edits.length === 0 ? "The original builds. No edit was made." : "No candidate: none of the edits works.";
  }
  const verdict = verification === undefined ? "Not verified." : conclusionOf(verification);
  if (!passed) return `${verdict} ${failure ?? "The candidate can't take the original's place"}.`;
  const { before, after = before } = builtBytes(outcome);
  const saved = before - after;
  const predicted = candidate.predictedBytes === undefined ? "" : `, ${printBytes(candidate.predictedBytes)} were predicted`;
  const change = saved >= 0 ? `${printBytes(saved)} less (${printShare(saved, before)})` : `${printBytes(-saved)} more`;
  const kept = edits.filter(({ status }) => status === "kept").length;
  const made = edits.length === 0 ? "" : ` with ${printCount(kept, "edit")}`;
  return `${verdict} The candidate has ${change}${made}${predicted}.`;
}
