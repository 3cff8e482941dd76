import { printCount } from "./figures.ts";

/** A part of a Markdown page: lines, the rows of a table, lines; and how many rows were left out already. */
export interface Section {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly tail: readonly string[];
  readonly more?: number;
}

/** The heading of a table; `>` before a name puts the column to the right. */
export function table(names: readonly string[]): string[] {
  const cells = names.map((name) => name.replace(/^>/, ""));
  const rules = names.map((name) => (name.startsWith(">") ? "--:" : "---"));
  return [row(cells), row(rules)];
}

/** A section that a click opens. */
export function folded(summary: string, head: readonly string[], rows: Section["rows"], more: number): Section {
  return { head: ["<details>", `<summary>${summary}</summary>`, "", ...head], rows, tail: ["</details>"], more };
}

/** The sections as one page of at most `maxLength` characters: rows that don't fit are counted, never cut in half. */
export function joinWithin(sections: readonly Section[], maxLength: number): string {
  // Each section needs its frame; what is left goes to rows, the first section first.
  const filled = sections.filter(({ head, rows }) => head.length + rows.length > 0);
  let left = maxLength - filled.reduce((sum, section) => sum + frameLength(section), 0);
  const parts = filled.map((section) => {
    const kept: string[] = [];
    for (const cells of section.rows) {
      const line = row(cells);
      if (line.length + 1 > left) break;
      left -= line.length + 1;
      kept.push(line);
    }
    const missing = section.rows.length - kept.length + Math.max(0, section.more ?? 0);
    const note = missing > 0 ? ["", `and ${printCount(missing, "more row")}`] : [];
    return [...section.head, ...kept, ...note, ...(section.tail.length > 0 ? ["", ...section.tail] : [])].join("\n");
  });
  return `${parts.join("\n\n")}\n`;
}

function frameLength({ head, tail }: Section): number {
  const note = 60;
  return [...head, ...tail].reduce((sum, line) => sum + line.length + 1, note);
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
