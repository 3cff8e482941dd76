import type { EditContext } from "../../contracts/edit.ts";
import type { EntryClaim } from "../../contracts/rule.ts";
import { packages } from "../../facts/packages.ts";
import { neededByNoOther } from "../../facts/removable-packages.ts";
import type { Instruction } from "../../model/dockerfile.ts";
import { leavingClaims } from "./leaving-claims.ts";

/**
 * What goes of an instruction's layers when these dpkg packages are not installed, with what only they need; `kept` are installed in any case.
 * Undefined without an image of it.
 */
export function packageClaims(
  { built }: EditContext,
  instruction: Instruction,
  names: ReadonlySet<string>,
  kept: ReadonlySet<string> = new Set(),
): readonly EntryClaim[] | undefined {
  const layers = built?.layersOf(instruction) ?? [];
  if (built === undefined || layers.length === 0) return undefined;
  const all = built.facts.get(packages).final.filter(({ kind }) => kind === "dpkg");
  const tools = new Set(all.filter(({ name }) => names.has(name) && !kept.has(name)));
  const going = new Set(neededByNoOther(all, tools, new Set(all.filter(({ name }) => kept.has(name)))));
  return leavingClaims(built.facts, layers, going);
}
