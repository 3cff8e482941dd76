import type { DockerfileRewrite, RewriteChange, RewriteHunk } from "../../model/dockerfile-rewrite.ts";
import type { Edit } from "../../contracts/edit.ts";
import { savingText } from "./rewrite-saving.ts";

/** What SARIF says of an edit as a rule. */
export type DescribedEdit = Pick<Edit, "name" | "title" | "meaning" | "risk">;

/**
 * A log of SARIF 2.1.0 (OASIS): a result for each change, with its replacements as a fix, and one without a fix for what is advised.
 * Columns and character offsets count UTF-16 units.
 */
export function rewriteSarif(rewrite: DockerfileRewrite, edits: readonly DescribedEdit[]): object {
  const { tool, changes, advice } = rewrite;
  const used = edits.filter(({ name }) => [...changes, ...advice].some(({ rule }) => rule === name));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: tool.name, version: tool.version, rules: used.map(ruleOf) } },
        columnKind: "utf16CodeUnits",
        results: [
          ...changes.map((change, index) =>
            resultOf(
              rewrite,
              change,
              used,
              rewrite.hunks.filter((hunk) => hunk.changes.includes(index)),
            ),
          ),
          ...advice.map((change) => resultOf(rewrite, change, used, [])),
        ],
      },
    ],
  };
}

function ruleOf({ name, title, meaning, risk }: DescribedEdit): object {
  return { id: name, shortDescription: { text: title }, fullDescription: { text: meaning }, help: { text: risk } };
}

function resultOf(
  rewrite: DockerfileRewrite,
  change: RewriteChange,
  edits: readonly DescribedEdit[],
  hunks: readonly RewriteHunk[],
): object {
  const { rule, message, reason, saving, line, endLine } = change;
  const artifactLocation = { uri: encodeURI(rewrite.file) };
  const description = { text: `${reason}; ${savingText(saving)}` };
  const replacements = hunks.map(({ start, end, text }) => ({
    deletedRegion: { charOffset: start, charLength: end - start, ...regionOf(rewrite.before, start, end) },
    insertedContent: { text },
  }));
  return {
    ruleId: rule,
    ruleIndex: edits.findIndex(({ name }) => name === rule),
    level: hunks.length > 0 ? "warning" : "note",
    message: { text: `${message}: ${savingText(saving)}` },
    locations: [{ physicalLocation: { artifactLocation, region: { startLine: line, endLine } } }],
    properties: { bytes: saving.bytes, basis: saving.basis, safety: change.safety },
    ...(hunks.length > 0 && { fixes: [{ description, artifactChanges: [{ artifactLocation, replacements }] }] }),
  };
}

/** Lines and columns from 1, the end column behind the last character. */
function regionOf(text: string, start: number, end: number): object {
  const [startLine, startColumn] = lineAndColumn(text, start);
  const [endLine, endColumn] = lineAndColumn(text, end);
  return { startLine, startColumn, endLine, endColumn };
}

function lineAndColumn(text: string, offset: number): readonly [number, number] {
  const before = text.slice(0, offset).split("\n");
  return [before.length, (before.at(-1)?.length ?? 0) + 1];
}
