import { cutEnd } from "../../lib/text-width.ts";
import type { DockerfileRewrite, RewriteChange } from "../../model/dockerfile-rewrite.ts";
import { folded, table, type Section } from "./markdown-page.ts";
import { markdownCode as code, markdownText as text } from "./markdown-text.ts";
import { byLine, placeText } from "./rewrite-lines.ts";
import { evidenceText, savingText, totalText } from "./rewrite-saving.ts";

const maxCell = 500;

/** The changes, what to do by hand, what was left alone; the diff comes apart. */
export function rewriteSections(rewrite: DockerfileRewrite): readonly Section[] {
  const { file, changes, advice, notes, silenced } = rewrite;
  const evidence = evidenceText(rewrite);
  const names = ["Line", "Edit", "What", "Saves", "Why it is safe"];
  const left = [...notes, ...silenced.map((one) => ({ ...one, message: `silenced: ${one.message}` }))];
  return [
    {
      head: [
        `### deadweight rewrite: ${code(file)}`,
        "",
        `**${text(totalText(rewrite))}**`,
        ...(evidence === undefined ? [] : ["", text(evidence)]),
        ...(changes.length > 0 ? ["", ...table(names)] : []),
      ],
      rows: byLine(changes).map(cells),
      tail: [],
    },
    ...(advice.length === 0 ? [] : [folded("By hand", table(names), advice.map(cells), 0)]),
    ...(left.length === 0
      ? []
      : [
          folded(
            "Left alone",
            table(["Line", "Edit", "Why"]),
            left.map((one) => [placeText(one), code(one.rule), text(cutEnd(one.message, maxCell))]),
            0,
          ),
        ]),
  ];
}

function cells(change: RewriteChange): readonly string[] {
  const { rule, message, saving, reason } = change;
  return [placeText(change), code(rule), text(cutEnd(message, maxCell)), text(savingText(saving)), text(cutEnd(reason, maxCell))];
}
