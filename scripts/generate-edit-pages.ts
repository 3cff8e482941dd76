import type { Edit } from "../packages/deadweight/src/contracts/edit.ts";
import { edits } from "../packages/deadweight/src/edits/index.ts";
import { writePages } from "./pages/write-pages.ts";

/** Writes docs/edits: a page for each edit of Dockerfiles, from the texts that `deadweight explain` shows, and a table of them all. */
writePages(
  "edits",
  new Map([["README.md", contents()], ...edits.map((edit): [string, string] => [`${edit.name}.md`, page(edit)])]),
);

function page(edit: Edit): string {
  const { before, after } = edit.example;
  const parts = [
    `# ${edit.name}`,
    edit.title,
    edit.meaning,
    "## Before and after",
    `\`\`\`dockerfile\n${before}\`\`\``,
    ...(after === before ? ["It advises: the change is made by hand."] : [`\`\`\`dockerfile\n${after}\`\`\``]),
    "## Safety",
    `\`${edit.safety}\`. ${checksOf(edit)}`,
    "## What it costs to be wrong",
    edit.risk,
  ];
  return `${parts.join("\n\n")}\n`;
}

function checksOf({ checks }: Edit): string {
  if (checks.length === 0) return "No check of `deadweight verify` is needed.";
  return `These checks of \`deadweight verify\` would tell if it broke something: ${checks.map((check) => `\`${check}\``).join(", ")}.`;
}

function contents(): string {
  const rows = edits.map(({ name, safety, title }) => `| [${name}](${name}.md) | ${safety} | ${title} |`);
  return [
    "# Edits of Dockerfiles",
    "",
    "Generated from the edits' own texts.",
    "",
    "| edit | safety | what it does |",
    "|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
