import type { PackageChange } from "../contracts/edit.ts";
import type { Facts } from "../contracts/fact.ts";
import type { EntryClaim } from "../contracts/rule.ts";
import { packageClosure } from "../facts/package-closure.ts";
import { packages } from "../facts/packages.ts";
import { leavingClaims } from "./leaving-claims.ts";

/**
 * What leaves the layers of these changes when all of them are made. A package that both what is recommended and a compiler need goes only
 * with both: neither change claims it by itself.
 */
export function packageChangeClaims(facts: Facts, changes: readonly PackageChange[]): readonly EntryClaim[] {
  const byLayers = Map.groupBy(changes, ({ layers }) => layers.join());
  return [...byLayers.values()].flatMap((together) => (together.length < 2 ? [] : togetherClaims(facts, together)));
}

function togetherClaims(facts: Facts, changes: readonly PackageChange[]): readonly EntryClaim[] {
  const all = facts.get(packages).final.filter(({ kind }) => kind === "dpkg");
  const installed = new Map(all.map((one) => [one.name, one]));
  const needed = packageClosure(
    all.filter(({ automatic }) => automatic !== true),
    installed,
  );
  const isKeptWhenRecommended = !changes.some(({ withoutRecommended }) => withoutRecommended);
  const isRoot = (one: (typeof all)[number]): boolean => {
    if (changes.some(({ named }) => named.has(one.name))) return true;
    if (changes.some(({ unnamed }) => unnamed.has(one.name))) return false;
    return one.automatic !== true || (isKeptWhenRecommended && !needed.has(one));
  };
  const staying = packageClosure(all.filter(isRoot), installed);
  const leaving = new Set(all.filter((one) => !staying.has(one)));
  return leavingClaims(facts, changes[0]?.layers ?? [], leaving);
}
