import type { EditContext } from "../../contracts/edit.ts";
import { runSteps, type RunStep } from "../../dockerfile/run-steps.ts";
import type { ShellScript } from "../../dockerfile/shell-script.ts";

/** A RUN whose script is understood. */
export interface ScriptStep extends RunStep {
  readonly script: ShellScript;
}

/** The RUNs that write into the shipped image and that a POSIX shell runs. */
export function shippedSteps({ dockerfile, shipped, variablesAt }: EditContext): readonly ScriptStep[] {
  return runSteps(dockerfile, shipped, variablesAt).filter((step): step is ScriptStep => step.script !== undefined);
}
