import type { FormatOptions } from "../../contracts/format.ts";
import { wrapText } from "../../lib/text-width.ts";
import { printPlatform } from "../../model/platform.ts";
import type { Verdict, VerdictKind, Verification } from "../../model/verification.ts";
import { alignColumns } from "./columns.ts";
import { printCount } from "./figures.ts";
import { createPaint } from "./paint.ts";

const shownDetails = 5;

/** The verdict of each check, the differences below, and what it comes to. Texts must be printable. */
export function verificationLines(verification: Verification, options: FormatOptions): string[] {
  return [
    ...imageLines(verification, options),
    "",
    ...verdictLines(verification, options),
    ...verification.verdicts.flatMap((verdict) => detailLines(verdict, options)),
    "",
    ...verification.missing.flatMap((line) => wrapText(`Required, and not run: ${line}`, options.columns)),
    ...wrapText(conclusionOf(verification), options.columns),
  ];
}

function imageLines({ before, after }: Verification, { columns, colour }: FormatOptions): string[] {
  const { strong, faint } = createPaint(colour);
  const rows = [
    ["Before", before.reference, printPlatform(before.platform), before.digest.slice(0, 19)],
    ["After", after.reference, printPlatform(after.platform), after.digest.slice(0, 19)],
  ];
  return alignColumns(rows, [{}, { cut: "middle", style: strong }, {}, { optional: true, style: faint }], columns);
}

/** One row for each verdict. Texts must be printable. */
export function verdictLines({ verdicts }: Verification, { columns, colour }: FormatOptions): string[] {
  const { alarm, faint } = createPaint(colour);
  const style = (text: string): string =>
    text.trim() === "different" ? alarm(text) : text.trim() === "not-run" ? faint(text) : text;
  const rows = verdicts.map((verdict) => [
    verdict.subject === undefined ? verdict.check : `${verdict.check} ${verdict.subject}`,
    verdict.verdict,
    [valuesOf(verdict), verdict.reason].filter((text) => text !== undefined).join("; "),
  ]);
  return alignColumns(
    [["CHECK", "VERDICT", "WHAT"], ...rows],
    [{ cut: "end" }, { style }, { cut: "end", optional: true }],
    columns,
  );
}

/** `120 ms, now 154 ms`. */
function valuesOf({ before, after, unit }: Verdict): string | undefined {
  if (before === undefined || after === undefined) return undefined;
  const ending = unit === undefined ? "" : ` ${unit}`;
  return `${before}${ending}, now ${after}${ending}`;
}

function detailLines(
  { check, subject, verdict, reason, details = [] }: Verdict,
  { columns, verbose, colour }: FormatOptions,
): string[] {
  if (verdict !== "different") return [];
  const shown = details.slice(0, verbose ? details.length : shownDetails);
  const more = details.length - shown.length;
  return [
    "",
    createPaint(colour).strong([check, subject].filter(Boolean).join(" ")),
    ...(reason === undefined ? [] : wrapText(reason, columns)),
    ...shown.flatMap((detail) => wrapText(detail, columns - 2).map((line) => `  ${line}`)),
    ...(more > 0 ? [`  and ${printCount(more, "more", "more")}; --verbose shows them`] : []),
  ];
}

/** The result in one sentence: how many of each verdict. */
export function conclusionOf({ passed, verdicts }: Verification): string {
  const count = (kind: VerdictKind): number => verdicts.filter(({ verdict }) => verdict === kind).length;
  const counts = `${count("same")} same, ${count("different")} different, ${count("not-run")} not run`;
  if (passed) return `Passed: ${counts}.`;
  return count("same") + count("different") === 0 ? `Could not be verified: ${counts}.` : `Failed: ${counts}.`;
}
