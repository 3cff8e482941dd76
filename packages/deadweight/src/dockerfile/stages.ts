import type { Dockerfile, Instruction, Stage } from "../model/dockerfile.ts";
import { globalVariables } from "./expand-variables.ts";
import { joinedText } from "./joined-text.ts";
import { lexWords, WordError, type WordReading } from "./lex-words.ts";

/** The stages of instructions: each FROM with what follows it, named and tied to the stage that it builds on. */
export function stagesOf(
  text: string,
  escape: Dockerfile["escape"],
  instructions: readonly Instruction[],
  buildArgs: ReadonlyMap<string, string>,
): readonly Stage[] {
  const starts = instructions.flatMap(({ keyword }, index) => (keyword === "FROM" ? [index] : []));
  const globals = globalVariables({ text, escape, instructions }, buildArgs);
  const reading: WordReading = { escape, valueOf: (name) => globals.get(name) };
  const byName = new Map<string, number>();
  return starts.flatMap((start, index) => {
    const from = instructions[start];
    if (!from) return [];
    const { base, name } = partsOf(text, escape, from);
    const parent = byName.get(expanded(base.text, reading));
    if (name !== undefined) byName.set(name, index);
    return {
      index,
      ...(name !== undefined && { name }),
      from,
      base,
      ...(parent !== undefined && { parent }),
      instructions: instructions.slice(start + 1, starts[index + 1] ?? instructions.length),
    };
  });
}

function partsOf(text: string, escape: Dockerfile["escape"], from: Instruction): Pick<Stage, "base" | "name"> {
  const joined = joinedText(text, escape, from.rest);
  const words = joined.words();
  const [base, , name] = words;
  return {
    base: base ? { ...joined.placeOf(base), text: joined.text.slice(base.start, base.end) } : { ...from.rest, text: "" },
    ...(name && { name: joined.text.slice(name.start, name.end).toLowerCase() }),
  };
}

function expanded(base: string, reading: WordReading): string {
  try {
    return lexWords(base, reading).text;
  } catch (error) {
    if (error instanceof WordError) return base;
    throw error;
  }
}
