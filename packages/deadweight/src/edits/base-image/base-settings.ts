import type { EditContext } from "../../contracts/edit.ts";
import { assignmentsOf } from "../../dockerfile/assignments.ts";
import type { Dockerfile, Stage } from "../../model/dockerfile.ts";
import type { SmallerBase } from "./smaller-bases.ts";

/** What becomes of the settings that came with the larger base. */
export interface BaseSettings {
  /** `NAME="value"` for each variable that the smaller base does not set and that is set in its place. */
  readonly carried: readonly string[];
  /** What goes, as the check `config` names it: `Env NV_CUDNN_VERSION`, `Entrypoint`. */
  readonly going: readonly string[];
}

type Variable = readonly [name: string, value: string];

/** Variables are carried over but for those that only describe what goes and that nothing in the Dockerfile names. */
export function baseSettings({ dockerfile, built }: EditContext, stages: readonly Stage[], base: SmallerBase): BaseSettings {
  const own = stages.flatMap(({ instructions }) => instructions);
  const text = own.map(({ start, end }) => dockerfile.text.slice(start, end)).join("\n");
  const isNamed = ([name]: Variable): boolean => new RegExp(`\\b${name}\\b`).test(text);
  const set = new Set(
    own
      .filter(({ keyword }) => keyword === "ENV" || keyword === "ARG")
      .flatMap((instruction) => assignmentsOf(dockerfile, instruction).map(({ name }) => name)),
  );
  const lost = lostVariables(built?.facts.image.config.environment, base).filter(([name]) => !set.has(name));
  const carried = lost.filter((one) => isNamed(one) || !base.describes.test(one[0]));
  return {
    carried: carried.map(([name, value]) => `${name}=${quoted(dockerfile, value)}`),
    going: [
      ...lost.filter((one) => !carried.includes(one)).map(([name]) => `Env ${name}`),
      ...Object.keys(built?.facts.image.config.labels ?? {})
        .filter((label) => base.labels?.test(label) === true)
        .map((label) => `Labels ${label}`),
      ...(base.entryPoint !== undefined && built?.facts.image.config.entrypoint[0] === base.entryPoint ? ["Entrypoint"] : []),
    ],
  };
}

/** Without an image only what its table knows the values of. */
function lostVariables(environment: readonly string[] | undefined, { gives, known }: SmallerBase): readonly Variable[] {
  if (environment === undefined) return [...known];
  return environment
    .map((line): Variable => [line.replace(/=.*$/s, ""), line.slice(line.indexOf("=") + 1)])
    .filter(([name, value]) => /^\w+$/.test(name) && !/[\r\n]/.test(value) && !gives(name));
}

function quoted({ escape }: Dockerfile, value: string): string {
  const isSpecial = (character: string): boolean => character === '"' || character === "$" || character === escape;
  return `"${value.replace(/["$\\`]/g, (character) => (isSpecial(character) ? escape + character : character))}"`;
}
