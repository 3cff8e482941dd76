import type { EditContext } from "../../contracts/edit.ts";
import { stageChain } from "../../dockerfile/expand-variables.ts";
import { runSteps, type RunStep } from "../../dockerfile/run-steps.ts";
import { compileSignals } from "./compile-signals.ts";

/** RUNs from one on, itself included, of its stage and of all stages built on it. */
export function stepsFrom({ dockerfile, variablesAt }: EditContext, step: RunStep): readonly RunStep[] {
  const built = dockerfile.stages.filter((one) => stageChain(dockerfile, one).includes(step.stage));
  return runSteps(dockerfile, built, variablesAt).filter(({ instruction }) => instruction.start >= step.instruction.start);
}

/** What in a step or behind it compiles, in words; undefined when nothing is seen that does, or may. */
export function laterCompiler(context: EditContext, step: RunStep): string | undefined {
  return compileSignals(context, stepsFrom(context, step))[0]?.what;
}
