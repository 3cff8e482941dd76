import type { BuildStep } from "../../model/build.ts";
import type { Dockerfile, Instruction } from "../../model/dockerfile.ts";

/** Instructions that BuildKit counts as steps of a stage, beside FROM. */
const counted: ReadonlySet<string> = new Set(["FROM", "RUN", "COPY", "ADD", "WORKDIR"]);

/**
 * Finds the line of a builder's step: the instruction that reads the same, else the one at the step's number when it is of the same kind.
 * Undefined for what the Dockerfile does not have, such as triggers of the base image.
 */
export function stepLines(dockerfile: Dockerfile): (step: BuildStep) => number | undefined {
  const byText = new Map<string, number[]>();
  for (const instruction of dockerfile.instructions) {
    const text = textOf(dockerfile, instruction);
    byText.set(text, [...(byText.get(text) ?? []), instruction.line]);
  }
  return ({ text, place }) => {
    const lines = byText.get(flat(text)) ?? [];
    if (lines.length === 1) return lines[0];
    const numbered = instructionAt(dockerfile, place);
    const isSameKind = numbered !== undefined && text.toUpperCase().startsWith(`${numbered.keyword} `);
    return isSameKind ? numbered.line : undefined;
  };
}

/** `4/7` counts all instructions (the first builder) or those of the only stage; `build 2/3` and `stage-1 2/3` those of a stage (BuildKit). */
function instructionAt({ instructions, stages }: Dockerfile, place: string): Instruction | undefined {
  const [, named, number = "0", total = "0"] = /^(?:(.*) )?(\d+)\/(\d+)$/.exec(place) ?? [];
  if (named === undefined && Number(total) === instructions.length) return instructions[Number(number) - 1];
  // A platform may stand before it: `linux/amd64 build 2/3`.
  const name = named?.split(" ").findLast((word) => !word.includes("/"));
  const stage = name === undefined ? stages.at(-1) : stages.find((one) => one.name === name || `stage-${one.index}` === name);
  if (stage === undefined) return undefined;
  return [stage.from, ...stage.instructions].filter(({ keyword }) => counted.has(keyword))[Number(number) - 1];
}

function textOf({ mask }: Dockerfile, { start, end }: Instruction): string {
  return flat(mask.slice(start, end).replace(/\\\r?\n/g, " "));
}

function flat(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
