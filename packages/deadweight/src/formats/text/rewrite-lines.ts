import type { FormatOptions } from "../../contracts/format.ts";
import { wrapText } from "../../lib/text-width.ts";
import type { DockerfilePlace, DockerfileRewrite, RewriteChange } from "../../model/dockerfile-rewrite.ts";
import { printCount } from "./figures.ts";
import { createPaint } from "./paint.ts";
import { evidenceText, savingText, totalText } from "./rewrite-saving.ts";

/** What became of a Dockerfile: each change with its reason and saving, advice, what was left alone. Texts must be printable. */
export function rewriteLines(rewrite: DockerfileRewrite, options: FormatOptions): string[] {
  const { file, changes, advice, notes, silenced } = rewrite;
  const paint = createPaint(options.colour);
  const said = silenced.map(({ reason, message, ...one }) => ({
    ...one,
    message: `${message} (silenced${reason === "" ? "" : `: ${reason}`})`,
  }));
  return [
    `${paint.strong(file)}: ${printCount(changes.length, "change")}. ${totalText(rewrite)}`,
    ...wrapText(evidenceText(rewrite) ?? "", options.columns).filter((line) => line !== ""),
    ...byLine(changes).flatMap((change) => changeLines(change, options)),
    ...titled(
      "By hand:",
      advice.flatMap((change) => changeLines(change, options)),
    ),
    ...titled(
      "Left alone:",
      byLine([...notes, ...said]).flatMap((one) => indented(`${placeText(one)} ${one.rule}: ${one.message}`, options)),
    ),
  ];
}

/** Changes in the order of the file, not of their making. */
export function byLine<T extends DockerfilePlace>(places: readonly T[]): readonly T[] {
  return places.toSorted((one, other) => one.line - other.line);
}

function titled(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}

function changeLines(change: RewriteChange, options: FormatOptions): readonly string[] {
  const { rule, safety, message, reason, saving } = change;
  const paint = createPaint(options.colour);
  const [first = "", ...others] = indented(`${placeText(change)} ${rule} (${safety}): ${message}`, options);
  const more = wrapText(`${savingText(saving)}. ${reason}`, options.columns - 6).map((line) => paint.faint(`      ${line}`));
  return [first, ...others, ...more];
}

function indented(text: string, { columns }: FormatOptions): readonly string[] {
  return wrapText(text, columns - 4).map((line, index) => (index === 0 ? `  ${line}` : `    ${line}`));
}

/** `line 3`, `lines 3-7`. */
export function placeText({ line, endLine }: DockerfilePlace): string {
  return line === endLine ? `line ${line}` : `lines ${line}-${endLine}`;
}
