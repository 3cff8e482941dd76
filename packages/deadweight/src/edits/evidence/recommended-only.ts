import type { Facts } from "../../contracts/fact.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { libraries } from "../../facts/libraries.ts";
import { packageClosure } from "../../facts/package-closure.ts";
import { packageEntries } from "../../facts/package-entries.ts";
import { packages, type InstalledPackage } from "../../facts/packages.ts";
import { programs } from "../../facts/programs.ts";
import { reachedFiles } from "../../facts/reached-files.ts";

/**
 * The dpkg packages that were installed automatically and on which nothing depends that was not: recommended ones. That a package is essential
 * keeps it from being removed; apt installs it for that no more than others.
 */
export function recommendedOnly(facts: Facts, kept: ReadonlySet<string>): ReadonlySet<InstalledPackage> {
  const all = facts.get(packages).final.filter(({ kind }) => kind === "dpkg");
  const roots = all.filter(({ automatic, name }) => automatic !== true || kept.has(name));
  const staying = packageClosure(roots, new Map(all.map((one) => [one.name, one])));
  return new Set(all.filter((one) => !staying.has(one)));
}

/**
 * Those of them that what stays uses: libraries that programs open by their names, as dlopen(3) is given them, and files that the commands
 * of the image lead to. None where programs were not read.
 */
export function recommendedAndUsed(facts: Facts, kept: ReadonlySet<string>): readonly string[] {
  const used = new Set<string>();
  for (;;) {
    const owners = new Map<number, string>();
    for (const one of recommendedOnly(facts, new Set([...kept, ...used])))
      for (const entry of packageEntries(facts.get(fileTree), [one])) owners.set(entry, one.name);
    const before = used.size;
    for (const name of [...opened(facts, owners), ...reached(facts, owners)]) used.add(name);
    if (used.size === before) return [...used];
  }
}

type Owners = ReadonlyMap<number, string>;

function opened(facts: Facts, owners: Owners): readonly string[] {
  const [tree, read, found] = [facts.get(fileTree), facts.get(programs), facts.get(libraries)];
  if (read === undefined || found === undefined) return [];
  return [...tree.all()].flatMap((entry) => {
    if (owners.has(entry) || read.elf(entry) === undefined) return [];
    const names = read.mentions(entry).filter((name) => !name.startsWith("/"));
    return names.flatMap((name) => owners.get(found.find(entry, name)) ?? []);
  });
}

/** curl reads libldap-common's settings, libc the tables of netbase. */
function reached(facts: Facts, owners: Owners): readonly string[] {
  const tree = facts.get(fileTree);
  return [...(facts.get(reachedFiles) ?? [])].flatMap(([path, by]) => {
    const owner = owners.get(tree.resolve(path)) ?? owners.get(tree.find(path));
    return owner === undefined || owners.has(by) ? [] : [owner];
  });
}
