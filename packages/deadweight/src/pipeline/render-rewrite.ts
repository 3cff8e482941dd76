import type { FormatOptions } from "../contracts/format.ts";
import { unifiedDiff } from "../dockerfile/unified-diff.ts";
import { joinWithin } from "../formats/text/markdown-page.ts";
import { mapTexts } from "../formats/text/map-texts.ts";
import { rewriteSections } from "../formats/text/markdown-rewrite.ts";
import { usableColumns } from "../formats/text/figures.ts";
import { rewriteLines } from "../formats/text/rewrite-lines.ts";
import { rewriteSarif, type DescribedEdit } from "../formats/text/rewrite-sarif.ts";
import { savingText } from "../formats/text/rewrite-saving.ts";
import { printable, printableJson } from "../lib/printable.ts";
import type { DockerfileRewrite } from "../model/dockerfile-rewrite.ts";

/** Formats of a rewritten Dockerfile, with the endings of files that tell them. */
export const rewriteFormats = [
  { name: "diff", endings: [".diff", ".patch"] },
  { name: "table", endings: [".txt"] },
  { name: "markdown", endings: [".md", ".markdown"] },
  { name: "json", endings: [".json"] },
  { name: "sarif", endings: [".sarif"] },
] as const;
/** The name of one of `rewriteFormats`. */
export type RewriteFormat = (typeof rewriteFormats)[number]["name"];

// A comment on GitHub holds 65,536 characters.
const maxLength = 40_000;
const maxDiffLength = 20_000;

/** A rewritten Dockerfile as a diff that `git apply` takes, for people, for a pull request, for programs, or for code scanning. */
export function renderRewrite(
  rewrite: DockerfileRewrite,
  format: RewriteFormat,
  edits: readonly DescribedEdit[],
  options: Partial<FormatOptions> = {},
): string {
  if (format === "diff") return diffOf(rewrite);
  if (format === "json") return `${printableJson(JSON.stringify(rewrite, undefined, 2))}\n`;
  if (format === "sarif") return `${printableJson(JSON.stringify(rewriteSarif(rewrite, edits), undefined, 2))}\n`;
  const safe = mapTexts(rewrite, printable);
  if (format === "markdown") return markdownOf(rewrite, joinWithin(rewriteSections(safe), maxLength));
  const look = { verbose: false, colour: false, ...options, columns: usableColumns(options.columns ?? 80) };
  return `${rewriteLines(safe, look).join("\n")}\n`;
}

/** Each hunk says `rule: reason, saves 12.3 MB`. */
function diffOf({ file, before, changes, hunks }: DockerfileRewrite): string {
  const commentOf = (index: number): string => {
    const change = changes[index];
    return change ? printable(`${change.rule}: ${change.reason}, ${savingText(change.saving)}`) : "";
  };
  const explained = hunks.map(({ changes: made, ...hunk }) => ({ ...hunk, comment: made.map(commentOf).join("; ") }));
  return unifiedDiff(file, before, explained);
}

function markdownOf(rewrite: DockerfileRewrite, page: string): string {
  const diff = diffOf(rewrite);
  if (diff === "") return page;
  if (diff.length > maxDiffLength) return `${page}\nThe diff is too long to be shown here.\n`;
  const safe = diff
    .split("\n")
    .map((line) => line.replace(/\r$/, ""))
    .map(printable)
    .join("\n");
  // A fence longer than any in the text ends where it should.
  const fence = "`".repeat(Math.max(3, ...[...safe.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)));
  return `${page}\n${fence}diff\n${safe}${fence}\n`;
}
