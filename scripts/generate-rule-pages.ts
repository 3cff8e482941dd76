import type { Rule } from "../packages/deadweight/src/contracts/rule.ts";
import { rules } from "../packages/deadweight/src/rules/index.ts";
import { writePages } from "./pages/write-pages.ts";

/** Writes docs/rules: a page for each rule, from the texts that `deadweight explain` shows, and a table of them all. */
writePages(
  "rules",
  new Map([["README.md", contents()], ...rules.map((rule): [string, string] => [`${rule.name}.md`, page(rule)])]),
);

function page(rule: Rule): string {
  const parts = [
    `# ${rule.name}`,
    rule.title,
    rule.meaning,
    "## How it is measured",
    rule.measure,
    "## What it costs to be wrong",
    rule.risk,
  ];
  return `${parts.join("\n\n")}\n`;
}

function contents(): string {
  const rows = rules.map((rule) => `| [${rule.name}](${rule.name}.md) | ${rule.title} |`);
  return ["# Rules", "", "Generated from the rules' own texts.", "", "| rule | what it finds |", "|---|---|", ...rows, ""].join(
    "\n",
  );
}
