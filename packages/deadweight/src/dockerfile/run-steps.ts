import type { Dockerfile, Instruction, Stage } from "../model/dockerfile.ts";
import { commandUse, type CommandUse } from "./command-use.ts";
import { expandVariables, stageChain, variablesAt } from "./expand-variables.ts";
import { joinedText } from "./joined-text.ts";
import { defaultShell, runScript } from "./run-script.ts";
import type { ShellScript } from "./shell-script.ts";

/** A `--mount` of a RUN. */
export interface RunMount {
  /** `bind` when nothing is said. */
  readonly type: string;
  readonly target: string;
  readonly from?: string;
}

/** A RUN of a stage with what holds where it stands. */
export interface RunStep {
  readonly stage: Stage;
  readonly instruction: Instruction;
  /** Absent when no POSIX shell runs it, or it can't be read. */
  readonly script?: ShellScript;
  /** Its commands whose arguments are understood, in their order. */
  readonly uses: readonly CommandUse[];
  readonly mounts: readonly RunMount[];
  /** What USER says, variables replaced; absent when nothing does, and the base image decides. */
  readonly user?: string;
  /** Absolute; absent when the base image decides. */
  readonly folder?: string;
  readonly shell: readonly string[];
  /** ENV and ARG as far as they are known. */
  readonly environment: () => ReadonlyMap<string, string>;
}

/** What variables are where an instruction stands. */
export type VariablesAt = (instruction: Instruction) => ReadonlyMap<string, string>;

/** The RUNs of some stages, in their order; for the same variables the same steps, read once. */
export function runSteps(
  dockerfile: Dockerfile,
  stages: readonly Stage[],
  variables: VariablesAt = (instruction) => variablesAt(dockerfile, instruction),
): readonly RunStep[] {
  return stages.flatMap(dockerfile.once(stepsByStage, variables));
}

function stepsByStage(dockerfile: Dockerfile, variables: VariablesAt): (stage: Stage) => readonly RunStep[] {
  const known = new Map<Stage, readonly RunStep[]>();
  return (stage) => {
    const steps = known.get(stage) ?? stepsOf({ dockerfile, variables }, stage);
    known.set(stage, steps);
    return steps;
  };
}

interface Source {
  readonly dockerfile: Dockerfile;
  readonly variables: VariablesAt;
}

function stepsOf(source: Source, last: Stage): readonly RunStep[] {
  let state: State = { shell: defaultShell };
  const steps: RunStep[] = [];
  for (const stage of stageChain(source.dockerfile, last)) {
    for (const instruction of stage.instructions) {
      if (instruction.keyword === "RUN" && stage === last) steps.push(stepAt(source, stage, instruction, state));
      else state = after(source, instruction, state);
    }
  }
  return steps;
}

interface State {
  readonly user?: string;
  readonly folder?: string;
  readonly shell: readonly string[];
}

function after({ dockerfile, variables }: Source, instruction: Instruction, state: State): State {
  const { keyword, exec } = instruction;
  if (keyword === "SHELL") return { ...state, shell: exec?.map(({ value }) => value) ?? state.shell };
  if (keyword !== "USER" && keyword !== "WORKDIR") return state;
  const text = joinedText(dockerfile.text, dockerfile.escape, instruction.rest).text;
  const value = expandVariables(dockerfile, text, variables(instruction)) ?? "?";
  if (keyword === "USER") return { ...state, user: value };
  if (value.startsWith("/")) return { ...state, folder: value };
  return state.folder === undefined ? state : { ...state, folder: `${state.folder}/${value}` };
}

function stepAt({ dockerfile, variables }: Source, stage: Stage, instruction: Instruction, state: State): RunStep {
  const script = runScript(dockerfile, instruction, state.shell);
  let environment: ReadonlyMap<string, string> | undefined;
  return {
    stage,
    instruction,
    ...(script && { script }),
    uses: script?.commands.flatMap((command) => commandUse(command) ?? []) ?? [],
    mounts: mountsOf(instruction.flags),
    ...state,
    environment: () => (environment ??= variables(instruction)),
  };
}

/** What the flags of a RUN mount. */
export function mountsOf(flags: Instruction["flags"]): readonly RunMount[] {
  return flags.flatMap(({ name, value }) => (name === "mount" ? mountOf(value ?? "") : []));
}

function mountOf(text: string): RunMount[] {
  const fields = new Map(
    text
      .replace(/["']/g, "")
      .split(",")
      .map((field): [string, string] => {
        const [name = "", value = ""] = field.split(/=(.*)/s);
        return [name, value];
      }),
  );
  const target = fields.get("target") ?? fields.get("dst") ?? fields.get("destination");
  const from = fields.get("from");
  return [{ type: fields.get("type") ?? "bind", target: target ?? "", ...(from !== undefined && { from }) }];
}

/** Whether a mount lies at a path, above or below it, so that what is written there is not in the image, or must not be removed. */
export function isMounted({ mounts }: Pick<RunStep, "mounts">, path: string): boolean {
  const end = (folder: string): string => `${folder.replace(/\/+$/, "")}/`;
  return mounts.some(({ target }) => target !== "" && (end(path).startsWith(end(target)) || end(target).startsWith(end(path))));
}

/** Whether it runs as root, as far as can be told: images that begin as another user are not known. */
export function isRoot({ user }: Pick<RunStep, "user">): boolean {
  return user === undefined || /^(?:root|0)(?::.*)?$/.test(user);
}
