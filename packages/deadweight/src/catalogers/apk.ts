import { defineCataloger, type Catalog, type Cataloger, type WantedFile } from "../contracts/cataloger.ts";
import { byteStringOf, textOf } from "../lib/byte-string.ts";
import { asSize } from "../lib/integer.ts";
import { UserError } from "../lib/user-error.ts";
import { parseInstalledDatabase, type InstalledApk } from "./apk/installed-database.ts";
import { CatalogDraft, mostPackages } from "./system/catalog-draft.ts";

const mostBytes = 128 * 1024 * 1024;

/** Packages of Alpine, Wolfi and Chainguard images. */
export const apk: Cataloger = defineCataloger({
  name: "apk",
  precedence: 50,
  wants: [
    { names: ["installed"], path: /^(?:usr\/)?lib\/apk\/db\/installed$/ },
    { names: ["world"], path: /^etc\/apk\/world$/ },
  ],
  catalog,
});

function catalog(files: readonly WantedFile[]): Catalog {
  const draft = new CatalogDraft();
  const installed = files.filter(({ path }) => path.endsWith("/installed")).flatMap((file) => readInstalled(file, draft));
  const world = files.find(({ path }) => path === "etc/apk/world");
  const chosen = world && draft.read(world, mostBytes, (bytes) => new Set(namesOf(textOf(byteStringOf(bytes)))));
  const owners = ownersOf(installed);
  for (const one of installed) {
    const declaredBytes = /^\d+$/.test(one.installedSize) ? asSize(Number(one.installedSize)) : undefined;
    draft.add({
      kind: "apk",
      name: one.name,
      version: one.version,
      paths: one.paths,
      requires: requirementsOf(one, owners),
      ...(chosen && { automatic: ![one.name, ...namesOf(one.provides)].some((name) => chosen.has(name)) }),
      ...(declaredBytes !== undefined && { declaredBytes }),
    });
  }
  return draft.finish();
}

function readInstalled(file: WantedFile, draft: CatalogDraft): InstalledApk[] {
  const named: InstalledApk[] = [];
  let unnamed = 0;
  draft.read(file, mostBytes, (bytes) => {
    for (const one of parseInstalledDatabase(bytes, (paths) => draft.within(file, paths))) {
      if (named.length >= mostPackages) throw new UserError("too-large", `gave up: more than ${mostPackages} packages`);
      if (one.name === "") unnamed++;
      else named.push(one);
    }
  });
  if (unnamed > 0) draft.report(file, `cannot read ${unnamed} packages: no name in their paragraphs`);
  return named;
}

/** Which package provides a name: real names first, then in the order of the database. */
function ownersOf(installed: readonly InstalledApk[]): ReadonlyMap<string, string> {
  const owners = new Map(installed.map(({ name }) => [name, name]));
  for (const { name, provides } of installed) {
    for (const provided of namesOf(provides)) if (!owners.has(provided)) owners.set(provided, name);
  }
  return owners;
}

/** Names of packages; what nobody provides stays when it can be a package's name, `so:` and `cmd:` words and paths can't. */
function requirementsOf({ name, depends }: InstalledApk, owners: ReadonlyMap<string, string>): readonly string[] {
  const needed = namesOf(depends).flatMap((word) => owners.get(word) ?? (/[:/]/.test(word) ? [] : word));
  return [...new Set(needed)].filter((needs) => needs !== name);
}

/** The names in a list of dependencies, without versions and repositories; conflicts (`!name`) are left out: apk-world(5). */
function namesOf(list: string): string[] {
  return list.split(/\s+/).flatMap((word) => /^([^!<>=~@][^<>=~@]*)/.exec(word)?.[1] ?? []);
}
