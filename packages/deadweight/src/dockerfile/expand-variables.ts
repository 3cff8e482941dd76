import type { Dockerfile, Instruction, Stage } from "../model/dockerfile.ts";
import { assignmentsOf } from "./assignments.ts";
import { lexWords, WordError } from "./lex-words.ts";

/** What a build is given besides the Dockerfile. */
export interface BuildValues {
  /** Values of `--build-arg`; of BUILDPLATFORM, TARGETARCH and their kin those too which the builder knows by itself. */
  readonly buildArgs?: ReadonlyMap<string, string>;
  /** The environment of a base image by its reference. */
  readonly environmentOf?: (image: string) => ReadonlyMap<string, string>;
}

type Text = Pick<Dockerfile, "text" | "escape">;

const automatic = /^(?:BUILD|TARGET)(?:PLATFORM|OS|ARCH|VARIANT)$|^TARGETSTAGE$/;

/** What FROM may name: ARGs that stand before the first stage, with the builder's own. */
export function globalVariables(
  dockerfile: Text & Pick<Dockerfile, "instructions">,
  buildArgs: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const globals = new Map([...buildArgs].filter(([name]) => automatic.test(name)));
  for (const instruction of dockerfile.instructions) {
    if (instruction.keyword === "FROM") break;
    for (const { name, value } of assignmentsOf(dockerfile, instruction)) {
      const set = buildArgs.get(name) ?? (value === undefined ? undefined : expandVariables(dockerfile, value, globals));
      if (set !== undefined) globals.set(name, set);
    }
  }
  return globals;
}

/**
 * What an instruction's variables are: those of the base image and of the stages below, then each ENV and ARG of its stage before it. A
 * FROM sees the global ones. What `--build-arg` gives wins over the default of an ARG, and a global ARG is seen where a stage names it again.
 */
export function variablesAt(
  dockerfile: Dockerfile,
  instruction: Instruction,
  values: BuildValues = {},
): ReadonlyMap<string, string> {
  const globals = globalVariables(dockerfile, values.buildArgs ?? new Map());
  const stage = dockerfile.stages.findLast(({ from }) => from.start <= instruction.start);
  if (!stage || stage.from.start === instruction.start) return globals;
  return stageVariables({ dockerfile, values, globals }, stage, instruction.start);
}

interface Scope {
  readonly dockerfile: Dockerfile;
  readonly values: BuildValues;
  readonly globals: ReadonlyMap<string, string>;
}

function stageVariables(scope: Scope, last: Stage, before: number): ReadonlyMap<string, string> {
  const { dockerfile, values, globals } = scope;
  const chain = stageChain(dockerfile, last);
  const image = expandVariables(dockerfile, chain[0]?.base.text ?? "", globals);
  const variables = new Map(image === undefined ? [] : values.environmentOf?.(image));
  for (const stage of chain) {
    for (const instruction of stage.instructions) {
      if (stage === last && instruction.start >= before) break;
      if (instruction.keyword === "ENV" || instruction.keyword === "ARG") assign(scope, variables, instruction);
    }
  }
  return variables;
}

/** The stages that one is built on, itself included, lowest first. */
export function stageChain(dockerfile: Pick<Dockerfile, "stages">, last: Stage): readonly Stage[] {
  const chain = [last];
  for (let stage: Stage | undefined = last; stage?.parent !== undefined;) {
    stage = dockerfile.stages[stage.parent];
    if (stage) chain.unshift(stage);
  }
  return chain;
}

/** Within one instruction every value sees what was there before it. */
function assign({ dockerfile, values, globals }: Scope, variables: Map<string, string>, instruction: Instruction): void {
  const before = new Map(variables);
  for (const { name, value } of assignmentsOf(dockerfile, instruction)) {
    const isArgument = instruction.keyword === "ARG";
    const given = isArgument ? values.buildArgs?.get(name) : undefined;
    const inherited = isArgument && value === undefined ? globals.get(name) : undefined;
    const set = given ?? inherited ?? (value === undefined ? undefined : expandVariables(dockerfile, value, before));
    if (set !== undefined) variables.set(name, set);
  }
}

/** A text with its variables replaced and its quotes taken off; undefined when BuildKit would not know what it says. */
export function expandVariables(
  { escape }: Pick<Dockerfile, "escape">,
  text: string,
  variables: ReadonlyMap<string, string>,
): string | undefined {
  try {
    return lexWords(text, { escape, valueOf: (name) => variables.get(name) }).text;
  } catch (error) {
    if (error instanceof WordError) return undefined;
    throw error;
  }
}
