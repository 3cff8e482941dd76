import type { CommandUse } from "../../dockerfile/command-use.ts";
import type { Dockerfile, Replacement } from "../../model/dockerfile.ts";
import type { ScriptStep } from "../evidence/shipped-steps.ts";
import { wholeLines } from "../evidence/whole-lines.ts";
import type { Change } from "./change.ts";

/** What becomes of a RUN: folders themselves keep their commands, without -R; those for files go, with the RUN where it does nothing else. */
export function whatRemains(dockerfile: Dockerfile, step: ScriptStep, changes: readonly Change[]): readonly Replacement[] {
  const { text } = dockerfile;
  const { instruction, script } = step;
  const isRecursive = ({ reaches }: Change): boolean => reaches.some((one) => one.isRecursive);
  const going = changes.filter((one) => !isRecursive(one));
  if (going.length === script.commands.length) return [{ ...wholeLines(text, instruction), text: "" }];
  const statements = Map.groupBy(going, ({ use }) => use.command.statement);
  const gone = [...statements].flatMap(([statement, ones]) => withoutSteps(step, statement, ones));
  return [...changes.filter(isRecursive).flatMap(({ use }) => withoutRecursion(text, use)), ...gone];
}

function withoutRecursion(text: string, use: CommandUse): readonly Replacement[] {
  const option = use.options.find(({ name }) => name === "-R" || name === "--recursive")?.word;
  if (option === undefined) return [];
  const others = option.text.replace(/^-R$|^--recursive$|R/, "").replace(/^-$/, "");
  const end = others === "" ? option.end + (/^[ \t]+/.exec(text.slice(option.end))?.[0].length ?? 0) : option.end;
  return [{ start: option.start, end, text: others }];
}

/** Steps of one chain go with the `&&` that leads to the next; the last ones with that before them. */
function withoutSteps({ script }: ScriptStep, statement: number, changes: readonly Change[]): readonly Replacement[] {
  const steps = script.statements[statement]?.steps ?? [];
  const numbers = new Set(changes.map(({ use }) => use.command.step));
  const lastKept = steps.findLastIndex((_, index) => !numbers.has(index));
  const [start, end] = [steps[0]?.start ?? 0, steps.at(-1)?.end ?? 0];
  if (lastKept < 0) return [{ start, end, text: "true" }];
  const inner = steps.flatMap((step, index) =>
    numbers.has(index) && index < lastKept ? [{ start: step.start, end: steps[index + 1]?.start ?? step.end, text: "" }] : [],
  );
  return lastKept === steps.length - 1 ? inner : [...inner, { start: steps[lastKept]?.end ?? end, end, text: "" }];
}
