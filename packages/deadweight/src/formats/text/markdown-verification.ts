import { cutEnd, cutMiddle } from "../../lib/text-width.ts";
import type { Verdict, Verification } from "../../model/verification.ts";
import { folded, table, type Section } from "./markdown-page.ts";
import { markdownCode as code, markdownText as text } from "./markdown-text.ts";
import { conclusionOf } from "./verification-lines.ts";

const maxCell = 300;

/** The verdicts with the images above. */
export function verdictsSection(verification: Verification): Section {
  const { before, after, verdicts, missing } = verification;
  const name = (reference: string): string => code(cutMiddle(reference, maxCell));
  return {
    head: [
      `### deadweight verify: ${name(after.reference)} against ${name(before.reference)}`,
      "",
      `**${conclusionOf(verification)}**`,
      "",
      ...table(["Check", "Verdict", ">Before", ">After", "What"]),
    ],
    rows: verdicts.map((verdict) => [
      code(cutEnd([verdict.check, verdict.subject].filter(Boolean).join(" "), maxCell)),
      verdict.verdict === "different" ? "**different**" : verdict.verdict,
      valueText(verdict, verdict.before),
      valueText(verdict, verdict.after),
      text(cutEnd(verdict.reason ?? "", maxCell)),
    ]),
    tail: missing.map((line) => `- required, and not run: ${text(cutEnd(line, maxCell))}`),
  };
}

function valueText({ unit }: Verdict, value: string | number | undefined): string {
  return value === undefined ? "" : text(cutEnd([value, unit].filter((part) => part !== undefined).join(" "), maxCell));
}

/** What differs, one folded list for each check. */
export function differencesSections({ verdicts }: Verification): readonly Section[] {
  return verdicts
    .filter(({ verdict, details = [] }) => verdict === "different" && details.length > 0)
    .map(({ check, subject, details = [] }) => {
      const rows = details.map((detail) => [text(cutEnd(detail, maxCell))]);
      return folded(code([check, subject].filter(Boolean).join(" ")), table(["Difference"]), rows, 0);
    });
}
