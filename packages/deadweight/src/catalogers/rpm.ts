import { defineCataloger, type Catalog, type Cataloger, type WantedFile } from "../contracts/cataloger.ts";
import { textOf, type ByteString } from "../lib/byte-string.ts";
import type { RpmHeader } from "./rpm/header.ts";
import { readHeaders, type RpmDatabase } from "./rpm/read-headers.ts";
import { resolveRequirements } from "./rpm/requirements.ts";
import { CatalogDraft, longestPath } from "./system/catalog-draft.ts";
import { spellingsOf } from "./system/merged-usr.ts";
import { qualifiedNames } from "./system/qualified-names.ts";

// In this order: rpm uses one database, and where several are left it is the newer format in the newer place.
const folders = ["usr/lib/sysimage/rpm", "usr/share/rpm", "var/lib/rpm"];
const formats = ["rpmdb.sqlite", "Packages.db", "Packages"];

/** Packages of Fedora, RHEL, SUSE, Amazon Linux, Azure Linux and their kin. */
export const rpm: Cataloger = defineCataloger({
  name: "rpm",
  precedence: 50,
  wants: [{ names: [...formats, "rpmdb.sqlite-wal"], path: /^(?:usr\/lib\/sysimage|usr\/share|var\/lib)\/rpm\/[^/]+$/ }],
  catalog,
});

function catalog(files: readonly WantedFile[]): Catalog {
  const draft = new CatalogDraft();
  let used: WantedFile | undefined;
  for (const database of databasesOf(files)) {
    if (used !== undefined) draft.report(database.file, `not read: ${textOf(used.path)} is the database that rpm uses`);
    else if (addPackages(database, draft) > 0) used = database.file;
  }
  return draft.finish();
}

function databasesOf(files: readonly WantedFile[]): RpmDatabase[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return folders
    .flatMap((folder) => formats.map((format) => `${folder}/${format}`))
    .flatMap((path) => {
      const [file, log] = [byPath.get(path), byPath.get(`${path}-wal`)];
      return file !== undefined && file.size + (log?.size ?? 0) > 0 ? [{ file, log }] : [];
    });
}

/** Adds the packages of a database to the draft and says how many there are. */
function addPackages(database: RpmDatabase, draft: CatalogDraft): number {
  const headers = readHeaders(database, draft);
  const labels = qualifiedNames(headers, ".");
  const packages = headers.map((header, index) => ({
    ...header,
    label: labels[index] ?? header.name,
    paths: draft.within(
      database.file,
      pathsOf(header, (message) => draft.report(database.file, message)),
    ),
  }));
  const requirements = resolveRequirements(packages);
  for (const [index, { label, version, paths, declaredBytes }] of packages.entries()) {
    const requires = requirements[index] ?? [];
    draft.add({ kind: "rpm", name: label, version, paths, requires, ...(declaredBytes !== undefined && { declaredBytes }) });
  }
  return packages.length;
}

function* pathsOf(
  { name, baseNames, directoryIndexes, directories }: RpmHeader,
  report: (message: string) => void,
): Generator<ByteString> {
  let unusable = 0;
  for (const [index, baseName] of baseNames.entries()) {
    const directory = directories[directoryIndexes[index] ?? -1];
    if (directory === undefined || directory.length + baseName.length > longestPath) unusable++;
    else yield* spellingsOf(`${directory}${baseName}`.replace(/^\/+/, ""));
  }
  if (unusable > 0) report(`cannot tell ${unusable} files of ${name}: in no folder, or longer than ${longestPath} bytes`);
}
