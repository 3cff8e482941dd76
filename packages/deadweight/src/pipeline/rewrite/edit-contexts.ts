import type { BuiltImage, EditContext } from "../../contracts/edit.ts";
import type { Facts } from "../../contracts/fact.ts";
import { assignmentsOf } from "../../dockerfile/assignments.ts";
import {
  expandVariables,
  globalVariables,
  stageChain,
  variablesAt,
  type BuildValues,
} from "../../dockerfile/expand-variables.ts";
import { firstOrigin, type TextPiece } from "../../dockerfile/text-pieces.ts";
import { didYouMean } from "../../lib/did-you-mean.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Dockerfile, Instruction, Stage } from "../../model/dockerfile.ts";
import { ruleFindings } from "../rule-findings.ts";
import type { BuildContext } from "./build-context.ts";
import { instructionLayers } from "./instruction-layers.ts";

/** What contexts of edits are made of. */
export interface ContextParts {
  readonly dockerfile: Dockerfile;
  readonly values: BuildValues;
  readonly context: BuildContext;
  readonly options: Pick<EditContext, "gpus"> & {
    readonly target?: string;
    readonly withoutGpu?: boolean;
    readonly only?: readonly string[];
  };
}

/** The built image, and what of it each instruction made. */
export interface Built extends Pick<BuiltImage, "facts" | "findings"> {
  readonly layers: ReadonlyMap<number, readonly number[]>;
  readonly values: BuildValues;
}

/** The evidence of an image, each instruction tied to its layers. */
export function builtOf(work: ContextParts, facts: Facts): Built {
  const values = withEnvironment(work, facts);
  return {
    facts,
    values,
    findings: ruleFindings(facts),
    layers: instructionLayers(facts, work.dockerfile, shippedOf(work), values),
  };
}

/** The stages that the shipped image is built of, lowest first. */
export function shippedOf({ dockerfile, options }: ContextParts): readonly Stage[] {
  return stageChain(dockerfile, targetOf(dockerfile, options.target));
}

/** Contexts of texts as they are edited: the evidence stays that of the instructions as they were given. */
export function createContexts(
  work: ContextParts,
  built: Built | undefined,
): (dockerfile: Dockerfile, pieces: readonly TextPiece[]) => EditContext {
  const { options, context, dockerfile: original } = work;
  const values = built?.values ?? work.values;
  return (dockerfile, pieces) => {
    const target = sameStage(dockerfile, pieces, targetOf(original, options.target));
    const variables = new Map<number, ReadonlyMap<string, string>>();
    const originalOf = (instruction: Instruction): Instruction | undefined => {
      const origin = firstOrigin(pieces, instruction);
      return origin === undefined ? undefined : original.instructions.findLast(({ start }) => start <= origin);
    };
    return {
      dockerfile,
      target,
      shipped: stageChain(dockerfile, target),
      ...(built && {
        built: {
          facts: built.facts,
          findings: built.findings,
          layersOf: (instruction) => built.layers.get(originalOf(instruction)?.start ?? -1) ?? [],
        },
      }),
      get contextFiles() {
        return context.files();
      },
      readContextFile: context.read,
      variablesAt: (instruction) => {
        const found = variables.get(instruction.start) ?? variablesAt(dockerfile, instruction, values);
        variables.set(instruction.start, found);
        return found;
      },
      ...(options.gpus && { gpus: options.gpus }),
      withoutGpu: options.withoutGpu === true,
      isAsked: (edit) => options.only?.includes(edit) === true,
    };
  };
}

/** The stage that was shipped may have another number when one was put in before it. */
function sameStage(dockerfile: Dockerfile, pieces: readonly TextPiece[], original: Stage): Stage {
  const found = dockerfile.stages.find(({ from }) => {
    const origin = firstOrigin(pieces, from);
    return origin !== undefined && origin >= original.from.start && origin <= original.from.end;
  });
  return found ?? targetOf(dockerfile, undefined);
}

/** Variables that the image has and the Dockerfile does not set came with its base. */
function withEnvironment(work: ContextParts, { image }: Facts): BuildValues {
  const { values, dockerfile } = work;
  const chain = shippedOf(work);
  const own = new Set(
    chain
      .flatMap(({ instructions }) => instructions)
      .filter(({ keyword }) => keyword === "ENV")
      .flatMap((instruction) => assignmentsOf(dockerfile, instruction).map(({ name }) => name)),
  );
  const variables = image.config.environment.map((variable) => {
    const equals = variable.indexOf("=");
    return [variable.slice(0, equals), variable.slice(equals + 1)] as const;
  });
  const inherited = new Map(variables.filter(([name]) => !own.has(name)));
  const globals = globalVariables(dockerfile, values.buildArgs ?? new Map());
  const base = expandVariables(dockerfile, chain[0]?.base.text ?? "", globals);
  return { ...values, environmentOf: (name) => (name === base ? inherited : new Map()) };
}

/** The stage that is shipped. Throws UserError, exit 2, for one that is not there. */
export function targetOf({ stages }: Dockerfile, target: string | undefined): Stage {
  const found =
    target === undefined
      ? stages.at(-1)
      : stages.findLast(({ name, index }) => name === target.toLowerCase() || String(index) === target);
  if (found) return found;
  const names = stages.flatMap(({ name }) => name ?? []);
  throw new UserError("usage", `target ${JSON.stringify(target)}: no stage is called so`, {
    hint: didYouMean(target ?? "", names),
    exitCode: 2,
  });
}
