import type { Transform } from "../../contracts/transform.ts";
import { didYouMean } from "../../lib/did-you-mean.ts";
import { UserError } from "../../lib/user-error.ts";

/** Which transforms run. */
export interface TransformChoice {
  readonly level: "lossless" | "verified";
  /** These alone, whatever their safety, and what follows others; none when it is empty. */
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
}

/** The transforms to run, in their order. Throws UserError `unknown-transform` for a name that is none. */
export function chooseTransforms(all: readonly Transform[], { level, only, skip }: TransformChoice): readonly Transform[] {
  const names = all.map(({ name }) => name);
  for (const name of [...(only ?? []), ...(skip ?? [])]) {
    if (names.includes(name)) continue;
    throw new UserError("unknown-transform", `transform ${JSON.stringify(name)}: there is none of that name`, {
      hint: didYouMean(name, names),
      exitCode: 2,
    });
  }
  const isOn = ({ name, safety, follows }: Transform): boolean => {
    if (skip?.includes(name) === true) return false;
    if (follows === true) return true;
    return only === undefined ? safety === "lossless" || safety === level : only.includes(name);
  };
  return all.filter(isOn).toSorted((one, other) => one.order - other.order);
}
