import type { Facts } from "../../contracts/fact.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { libraries } from "../../facts/libraries.ts";
import { packageClosure } from "../../facts/package-closure.ts";
import { packageEntries } from "../../facts/package-entries.ts";
import { packages, type InstalledPackage } from "../../facts/packages.ts";
import { programs } from "../../facts/programs.ts";

/** The dpkg packages that were installed automatically and on which nothing depends that was not: recommended ones. */
export function recommendedOnly(facts: Facts, kept: ReadonlySet<string>): ReadonlySet<InstalledPackage> {
  const all = facts.get(packages).final.filter(({ kind }) => kind === "dpkg");
  const roots = all.filter(({ automatic, essential, name }) => automatic !== true || essential === true || kept.has(name));
  const staying = packageClosure(roots, new Map(all.map((one) => [one.name, one])));
  return new Set(all.filter((one) => !staying.has(one)));
}

// getservbyname(3) and getprotobyname(3) read /etc/services and /etc/protocols: no program names these files itself.
const readByLibc: ReadonlySet<string> = new Set(["netbase"]);

/** Those of them that came with these layers and hold tables that any program may read through libc. */
export function recommendedAndRead(facts: Facts, layers: readonly number[]): readonly string[] {
  const tree = facts.get(fileTree);
  const isThere = (one: InstalledPackage): boolean =>
    [...packageEntries(tree, [one])].some((entry) => layers.includes(tree.layerOf(entry)));
  const found = [...recommendedOnly(facts, new Set())].filter((one) => readByLibc.has(one.name) && isThere(one));
  return found.map(({ name }) => name);
}

/** Those of them with libraries that programs which stay open by their names, as dlopen(3) is given them; none where programs were not read. */
export function recommendedAndOpened(facts: Facts, kept: ReadonlySet<string>): readonly string[] {
  const [tree, read, found] = [facts.get(fileTree), facts.get(programs), facts.get(libraries)];
  if (read === undefined || found === undefined) return [];
  const opened = new Set<string>();
  for (;;) {
    const owners = new Map<number, string>();
    for (const one of recommendedOnly(facts, new Set([...kept, ...opened])))
      for (const entry of packageEntries(tree, [one])) owners.set(entry, one.name);
    const before = opened.size;
    for (const entry of tree.all()) {
      if (owners.has(entry) || read.elf(entry) === undefined) continue;
      const names = read.mentions(entry).filter((name) => !name.startsWith("/"));
      for (const name of names) {
        const library = found.find(entry, name);
        const owner = library < 0 ? undefined : owners.get(library);
        if (owner !== undefined) opened.add(owner);
      }
    }
    if (opened.size === before) return [...opened];
  }
}
