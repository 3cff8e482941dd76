import { didYouMean } from "../../lib/did-you-mean.ts";
import type { RewriteNote } from "../../model/dockerfile-rewrite.ts";
import type { Dockerfile, Instruction } from "../../model/dockerfile.ts";

/** A comment `# deadweight ignore=RULE because …`. */
export interface Silence {
  readonly rules: readonly string[];
  readonly reason: string;
  /** Of the comment, counted from 1. */
  readonly line: number;
  /** The instruction it stands above or in, by its start; the whole file when absent. */
  readonly instruction?: number;
}

const comment = /^[ \t]*#[ \t]*deadweight[ \t]+ignore[ \t]*=[ \t]*([\w,-]+)(?:[ \t]+because[ \t]+([^\r\n]*?))?[ \t\r]*$/i;

/** What the comments of a Dockerfile silence: those before the first instruction for the whole file, others for what they stand above or in. */
export function silencesOf({ text, instructions }: Dockerfile): readonly Silence[] {
  if (!/deadweight/i.test(text)) return [];
  const lines = text.split("\n");
  let next = 0;
  return lines.flatMap((line, index): readonly Silence[] => {
    const [, rules, reason = ""] = comment.exec(line) ?? [];
    if (rules === undefined) return [];
    while (instructions[next] && (instructions[next]?.endLine ?? 0) < index + 1) next += 1;
    const instruction = instructions[next];
    if (!instruction) return [];
    const isWhole = next === 0 && index + 1 < instruction.line;
    return [
      {
        rules: rules.split(",").filter((rule) => rule !== ""),
        reason,
        line: index + 1,
        ...(!isWhole && { instruction: instruction.start }),
      },
    ];
  });
}

/** The comment that silences a rule at an instruction; a comment that names `all` silences every rule. */
export function silenceFor(silences: readonly Silence[], rule: string, instruction: Instruction): Silence | undefined {
  return silences.find(
    (silence) =>
      (silence.instruction === undefined || silence.instruction === instruction.start) &&
      (silence.rules.includes(rule) || silence.rules.includes("all")),
  );
}

/** Notes on comments that silence what is no edit. */
export function strayNotes(silences: readonly Silence[], known: readonly string[]): readonly RewriteNote[] {
  return silences.flatMap(({ rules, line }) =>
    rules
      .filter((rule) => rule !== "all" && !known.includes(rule))
      .map((rule) => ({
        rule,
        line,
        endLine: line,
        message: `the comment silences what is no edit: ${didYouMean(rule, known)}`,
      })),
  );
}
