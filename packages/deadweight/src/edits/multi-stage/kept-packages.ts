import type { BuiltImage } from "../../contracts/edit.ts";
import { packageClosure } from "../../facts/package-closure.ts";
import { packages, type InstalledPackage } from "../../facts/packages.ts";
import type { ScriptStep } from "../evidence/shipped-steps.ts";

/** The dpkg packages of these names, which the shipped stage installs, and what they need. */
export function keptPackages({ facts }: BuiltImage, names: readonly string[]): ReadonlySet<InstalledPackage> {
  const all = facts.get(packages).final.filter(({ kind }) => kind === "dpkg");
  const roots = all.filter(({ name }) => names.includes(name));
  return packageClosure(roots, new Map(all.map((one) => [one.name, one])));
}

/** The layers that some RUNs made. */
export function layersOfSteps(built: BuiltImage, steps: readonly ScriptStep[]): readonly number[] {
  return steps.flatMap(({ instruction }) => [...built.layersOf(instruction)]);
}
