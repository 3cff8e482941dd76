import type { EditContext, ProposedSaving } from "../../contracts/edit.ts";
import { packages } from "../../facts/packages.ts";
import { neededByNoOther } from "../../facts/removable-packages.ts";
import type { Instruction } from "../../model/dockerfile.ts";
import { leavingClaims } from "../../claims/leaving-claims.ts";

/**
 * What is saved in an instruction's layers when these dpkg packages are not installed, with what only they need; `kept` are installed in any case.
 * Undefined without an image of it.
 */
export function packageSaving(
  { built }: EditContext,
  instruction: Instruction,
  names: ReadonlySet<string>,
  kept: ReadonlySet<string> = new Set(),
): Extract<ProposedSaving, { readonly claims: unknown }> | undefined {
  const layers = built?.layersOf(instruction) ?? [];
  if (built === undefined || layers.length === 0) return undefined;
  const all = built.facts.get(packages).final.filter(({ kind }) => kind === "dpkg");
  const tools = new Set(all.filter(({ name }) => names.has(name) && !kept.has(name)));
  const going = new Set(neededByNoOther(all, tools, new Set(all.filter(({ name }) => kept.has(name)))));
  const claims = leavingClaims(built.facts, layers, going);
  return { claims, packages: { layers, unnamed: names, named: kept, withoutRecommended: false } };
}
