import type { FormatOptions } from "../contracts/format.ts";
import { joinWithin } from "../formats/text/markdown-page.ts";
import { mapTexts } from "../formats/text/map-texts.ts";
import { differencesSections, verdictsSection } from "../formats/text/markdown-verification.ts";
import { usableColumns } from "../formats/text/figures.ts";
import { verificationLines } from "../formats/text/verification-lines.ts";
import { printable, printableJson } from "../lib/printable.ts";
import type { Verification } from "../model/verification.ts";

/** Formats of results that are no report. */
export const sideBySideFormats = ["table", "json", "markdown"] as const;
/** One of `sideBySideFormats`. */
export type SideBySideFormat = (typeof sideBySideFormats)[number];

// A comment on GitHub holds 65,536 characters.
const maxLength = 60_000;

/** The result of a verification for people, for programs (docs/verification-schema.json), or for a pull request. */
export function renderVerification(
  verification: Verification,
  format: SideBySideFormat,
  options: Partial<FormatOptions> = {},
): string {
  if (format === "json") return `${printableJson(JSON.stringify(verification, undefined, 2))}\n`;
  const safe = mapTexts(verification, printable);
  if (format === "markdown") return joinWithin([verdictsSection(safe), ...differencesSections(safe)], maxLength);
  const all = { verbose: false, colour: false, ...options, columns: usableColumns(options.columns ?? 80) };
  return `${verificationLines(safe, all).join("\n")}\n`;
}
