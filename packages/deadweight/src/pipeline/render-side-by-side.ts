import type { FormatOptions } from "../contracts/format.ts";
import { joinWithin } from "../formats/text/markdown-page.ts";
import { mapTexts } from "../formats/text/map-texts.ts";
import { buildLines } from "../formats/text/build-lines.ts";
import { buildSections } from "../formats/text/markdown-build.ts";
import { comparedSection, componentsCompared, layersCompared } from "../formats/text/markdown-comparison.ts";
import { differencesSections, verdictsSection } from "../formats/text/markdown-verification.ts";
import { comparisonLines } from "../formats/text/comparison-lines.ts";
import { usableColumns } from "../formats/text/figures.ts";
import { verificationLines } from "../formats/text/verification-lines.ts";
import { printable, printableJson } from "../lib/printable.ts";
import type { BuildOutcome } from "../model/build-outcome.ts";
import type { SizeComparison } from "../model/size-comparison.ts";
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
  return `${verificationLines(safe, lookOf(options)).join("\n")}\n`;
}

/** The bytes of two images for people, for programs (docs/comparison-schema.json), or for a pull request. */
export function renderComparison(
  comparison: SizeComparison,
  format: SideBySideFormat,
  options: Partial<FormatOptions> = {},
): string {
  if (format === "json") return `${printableJson(JSON.stringify(comparison, undefined, 2))}\n`;
  const safe = mapTexts(comparison, printable);
  const sections = [comparedSection(safe), componentsCompared(safe, options.verbose === true ? 500 : 25), layersCompared(safe)];
  if (format === "markdown") return joinWithin(sections, maxLength);
  return `${comparisonLines(safe, lookOf(options)).join("\n")}\n`;
}

/** What a build found, for people, for programs (docs/build-schema.json), or for a pull request. */
export function renderBuild(outcome: BuildOutcome, format: SideBySideFormat, options: Partial<FormatOptions> = {}): string {
  if (format === "json") return `${printableJson(JSON.stringify(outcome, undefined, 2))}\n`;
  const safe = mapTexts(outcome, printable);
  if (format === "table") return `${buildLines(safe, lookOf(options)).join("\n")}\n`;
  const { verification } = safe;
  const verdicts = verification === undefined ? [] : [verdictsSection(verification), ...differencesSections(verification)];
  return joinWithin([...buildSections(safe), ...verdicts], maxLength);
}

function lookOf(options: Partial<FormatOptions>): FormatOptions {
  return { verbose: false, colour: false, ...options, columns: usableColumns(options.columns ?? 80) };
}
