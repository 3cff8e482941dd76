import { defineCataloger, type Catalog, type Cataloger, type WantedFile } from "../contracts/cataloger.ts";
import type { ByteString } from "../lib/byte-string.ts";
import { parsePrefixRecord } from "./conda/prefix-record.ts";
import { CatalogDraft } from "./system/catalog-draft.ts";

// Records of packages with 100,000 files take about 30 MB.
const mostBytes = 128 * 1024 * 1024;

/** Packages in the environments of conda, mamba, micromamba and pixi. */
export const conda: Cataloger = defineCataloger({
  name: "conda",
  precedence: 60,
  wants: [
    { endings: [".json"], path: /(?:^|\/)conda-meta\/[^/]+$/ },
    { names: ["history"], path: /(?:^|\/)conda-meta\/[^/]+$/, head: 0 },
  ],
  catalog,
});

function catalog(files: readonly WantedFile[]): Catalog {
  const draft = new CatalogDraft();
  const environments = new Set(files.filter(({ path }) => path.endsWith("/history")).map(({ path }) => folderOf(path)));
  for (const file of files) {
    const folder = folderOf(file.path);
    if (file.path.endsWith(".json") && (environments.has(folder) || !isCache(folder))) addPackage(draft, file);
  }
  return draft.finish();
}

function addPackage(draft: CatalogDraft, file: WantedFile): void {
  const record = draft.read(file, mostBytes, parsePrefixRecord);
  if (record === undefined) return;
  const { name, version, files, depends, declaredBytes } = record;
  const prefix = folderOf(file.path).slice(0, -"conda-meta".length);
  draft.add({
    kind: "conda",
    name,
    ...(version !== undefined && { version }),
    paths: [file.path, ...draft.within(file, prefixed(prefix, files))],
    requires: [...new Set(depends)].filter((required) => required !== name),
    ...(declaredBytes !== undefined && { declaredBytes }),
  });
}

function* prefixed(prefix: ByteString, files: readonly ByteString[]): Generator<ByteString> {
  for (const file of files) yield `${prefix}${file}`;
}

function folderOf(path: ByteString): ByteString {
  return path.slice(0, path.lastIndexOf("/"));
}

/** Whether a `conda-meta` is part of what a package brings, unpacked at `pkgs/NAME-VERSION-BUILD`; environments have a history. */
function isCache(folder: ByteString): boolean {
  return /(?:^|\/)pkgs\/[^/]+\/conda-meta$/.test(folder);
}
