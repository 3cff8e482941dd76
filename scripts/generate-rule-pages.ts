import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Rule } from "../packages/deadweight/src/contracts/rule.ts";
import { rules } from "../packages/deadweight/src/rules/index.ts";

/** Writes docs/rules: a page for each rule, from the texts that `deadweight explain` shows, and a table of them all. */
const folder = join(import.meta.dirname, "../docs/rules");
const onlyCheck = process.argv.includes("--check");
const pages = new Map([["README.md", contents()], ...rules.map((rule): [string, string] => [`${rule.name}.md`, page(rule)])]);

mkdirSync(folder, { recursive: true });
const present = readdirSync(folder);
const stale = [...pages].filter(([name, text]) => !present.includes(name) || readFileSync(join(folder, name), "utf8") !== text);
const orphaned = present.filter((name) => !pages.has(name));
if (onlyCheck && stale.length + orphaned.length > 0) {
  console.error(`stale pages in docs/rules: ${[...stale.map(([name]) => name), ...orphaned].join(", ")}: run npm run generate`);
  process.exitCode = 1;
} else if (!onlyCheck) {
  for (const [name, text] of stale) writeFileSync(join(folder, name), text);
  for (const name of orphaned) rmSync(join(folder, name));
}

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
