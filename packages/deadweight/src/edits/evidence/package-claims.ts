import type { EditContext } from "../../contracts/edit.ts";
import type { EntryClaim } from "../../contracts/rule.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { packageEntries } from "../../facts/package-entries.ts";
import { packages } from "../../facts/packages.ts";
import { removablePackages } from "../../facts/removable-packages.ts";
import { removalClaims } from "../../facts/removal-claims.ts";
import type { Instruction } from "../../model/dockerfile.ts";

/** What goes of an instruction's layers when these dpkg packages are not installed, with what only they need; undefined without an image of it. */
export function packageClaims(
  { built }: EditContext,
  instruction: Instruction,
  names: ReadonlySet<string>,
): readonly EntryClaim[] | undefined {
  const layers = new Set(built?.layersOf(instruction) ?? []);
  if (built === undefined || layers.size === 0) return undefined;
  const tree = built.facts.get(fileTree);
  const all = built.facts.get(packages).final.filter(({ kind }) => kind === "dpkg");
  const { removable } = removablePackages(all, new Set(all.filter(({ name }) => names.has(name))));
  const going = new Set(removable);
  const shared = packageEntries(
    tree,
    all.filter((one) => !going.has(one)),
  );
  const entries = [...packageEntries(tree, removable)].filter((entry) => !shared.has(entry) && layers.has(tree.layerOf(entry)));
  return removalClaims(tree, entries);
}
