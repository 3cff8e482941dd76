import type { Facts } from "../../contracts/fact.ts";
import type { EntryClaim } from "../../contracts/rule.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { packageClosure } from "../../facts/package-closure.ts";
import { packageEntries } from "../../facts/package-entries.ts";
import { packages } from "../../facts/packages.ts";
import { removalClaims } from "../../facts/removal-claims.ts";

/** Entries of some layers that belong to dpkg packages which were installed automatically and which nothing depends on: recommended ones. */
export function recommendedOnly(facts: Facts, layers: readonly number[], kept: ReadonlySet<string>): readonly EntryClaim[] {
  const tree = facts.get(fileTree);
  const all = facts.get(packages).final.filter(({ kind }) => kind === "dpkg");
  const roots = all.filter(({ automatic, essential, name }) => automatic !== true || essential === true || kept.has(name));
  const staying = packageClosure(roots, new Map(all.map((one) => [one.name, one])));
  const shared = packageEntries(tree, staying);
  const going = packageEntries(
    tree,
    all.filter((one) => !staying.has(one)),
  );
  const inLayers = new Set(layers);
  return removalClaims(
    tree,
    [...going].filter((entry) => !shared.has(entry) && inLayers.has(tree.layerOf(entry))),
  );
}
