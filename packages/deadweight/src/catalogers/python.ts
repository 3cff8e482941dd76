import { defineCataloger, type Catalog, type Cataloger, type WantedFile } from "../contracts/cataloger.ts";
import type { ByteString } from "../lib/byte-string.ts";
import { linksByName, readDistInfo } from "./python/dist-info.ts";
import type { Distribution, MetadataFolder } from "./python/distribution.ts";
import { readEggInfo, readEggInfoFile, readEggLink } from "./python/egg-info.ts";
import { CatalogDraft } from "./system/catalog-draft.ts";

/** A long description follows the headers of METADATA. */
const headBytes = 64 * 1024;
const metadataFolder = /^(?:(.*)\/)?([^/]+\.(?:dist|egg)-info|EGG-INFO)\/([^/]+)$/;
/** What uv, pip and conda keep to install again; and a folder's name with `*` would be a pattern of folders. */
const passedOver = /(?:^|\/)(?:\.cache\/|pkgs\/[^/]+\/(?:lib|site-packages)\/)|\*/;

/** Python distributions that pip, uv, poetry or setup.py installed, by their metadata beside them. */
export const python: Cataloger = defineCataloger({
  name: "python",
  precedence: 40,
  wants: [
    { names: ["METADATA"], path: /\.dist-info\/METADATA$/, head: headBytes },
    { names: ["RECORD", "INSTALLER", "top_level.txt", "direct_url.json"], path: /\.dist-info\/[^/]+$/ },
    { names: ["PKG-INFO"], path: /(?:\.egg-info|\/EGG-INFO)\/PKG-INFO$/, head: headBytes },
    { names: ["installed-files.txt", "top_level.txt", "requires.txt"], path: /(?:\.egg-info|\/EGG-INFO)\/[^/]+$/ },
    { endings: [".egg-info"], head: headBytes },
    { endings: [".egg-link"] },
    { endings: [".pth"], path: /(?:^|\/)__editable__[^/]*\.pth$/, head: 0 },
  ],
  catalog,
});

function catalog(all: readonly WantedFile[]): Catalog {
  const draft = new CatalogDraft();
  const files = all.filter(({ path }) => !passedOver.test(path));
  const ending = (text: string): readonly WantedFile[] => files.filter(({ path }) => path.endsWith(text));
  const folders = metadataFolders(files);
  const links = linksByName(ending(".pth"));
  const eggs = folders.filter(({ folder }) => !folder.endsWith(".dist-info"));
  const eggsBySite = new Map(eggs.map((metadata) => [metadata.site, metadata]));
  const found = [
    ...folders.filter(({ folder }) => folder.endsWith(".dist-info")).map((metadata) => readDistInfo(metadata, links, draft)),
    ...eggs.map((metadata) => readEggInfo(metadata, draft)),
    ...ending(".egg-info").map((file) => readEggInfoFile(file, draft)),
    ...ending(".egg-link").map((file) => readEggLink(file, eggsBySite, draft)),
  ].filter((distribution) => distribution !== undefined);
  for (const distribution of withoutVendored(found)) addPackage(draft, distribution);
  return draft.finish();
}

function metadataFolders(files: readonly WantedFile[]): readonly MetadataFolder[] {
  const folders = new Map<ByteString, { folder: ByteString; site: ByteString; files: Map<string, WantedFile> }>();
  for (const file of files) {
    const [, site = "", last = "", name = ""] = metadataFolder.exec(file.path) ?? [];
    if (name === "") continue;
    const folder = site === "" ? last : `${site}/${last}`;
    const metadata = folders.get(folder) ?? { folder, site, files: new Map<string, WantedFile>() };
    metadata.files.set(name, file);
    folders.set(folder, metadata);
  }
  return [...folders.values()];
}

/** A distribution whose metadata another one lists, from a folder above it, is a copy inside that: `setuptools/_vendor`. */
function withoutVendored(found: readonly Distribution[]): readonly Distribution[] {
  const owners = new Map<ByteString, Distribution>();
  for (const distribution of found) {
    for (const path of distribution.paths) {
      if (path !== distribution.source.path && metadataFolder.test(path)) owners.set(path, distribution);
    }
  }
  return found.filter(({ source, site }) => {
    const owner = owners.get(source.path);
    return owner === undefined || !site.startsWith(owner.site === "" ? "" : `${owner.site}/`) || site === owner.site;
  });
}

function addPackage(draft: CatalogDraft, { source, name, version, requires, paths, folders }: Distribution): void {
  if (name === "") return draft.report(source, "cannot read a distribution: it has no name");
  draft.add({
    kind: "python",
    name,
    ...(version !== undefined && { version }),
    paths: draft.within(source, paths),
    folders,
    requires: requires.filter((required) => required !== name),
  });
}
