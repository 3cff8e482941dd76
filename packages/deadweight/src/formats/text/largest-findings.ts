import type { Finding, Report } from "../../model/report.ts";

/** A finding with the rule that made it. */
export interface RuleFinding extends Finding {
  readonly rule: string;
}

/** All findings of a report, the most bytes first. */
export function largestFindings(report: Report): readonly RuleFinding[] {
  return report.outcomes
    .flatMap(({ rule, findings }) => findings.map((finding) => ({ ...finding, rule })))
    .sort((a, b) => b.bytes - a.bytes || b.compressedBytes - a.compressedBytes || (a.rule < b.rule ? -1 : 1));
}
