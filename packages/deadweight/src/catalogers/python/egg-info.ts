// Layout: setuptools docs, "The Internal Structure of Python Eggs": NAME-VERSION-pyX.Y.egg-info, a file with PKG-INFO's content or
// a folder with PKG-INFO and, written by pip, installed-files.txt (paths relative to the folder); NAME.egg/EGG-INFO holds the same
// in an egg, whose files lie beside it; NAME.egg-link names the source folder of a development install, with the metadata in it.
import type { WantedFile } from "../../contracts/cataloger.ts";
import { textOf, type ByteString } from "../../lib/byte-string.ts";
import type { CatalogDraft } from "../system/catalog-draft.ts";
import { linesOf } from "../system/lines.ts";
import { eggRequirements, normalName, requiredNames } from "./core-metadata.ts";
import {
  mostListBytes,
  pathsFrom,
  readMetadata,
  topLevelFolders,
  type Distribution,
  type MetadataFolder,
} from "./distribution.ts";
import { pathFrom } from "./record.ts";

const inSite = /(?:^|\/)(?:site|dist)-packages$/;
const inLibrary = /(?:^|\/)lib\/python\d[^/]*(?:\/lib-dynload)?$/;

/** The distribution of an `.egg-info` or EGG-INFO folder; undefined for one that setup.py left in a source folder. */
export function readEggInfo(metadata: MetadataFolder, draft: CatalogDraft): Distribution | undefined {
  const { folder, site, files } = metadata;
  const told = toldBy(metadata, draft);
  if (told === undefined) return undefined;
  if (folder.endsWith("/EGG-INFO")) return { ...told, paths: [], folders: [site] };
  const list = files.get("installed-files.txt");
  const lines = list && draft.read(list, mostListBytes, (bytes) => [...linesOf(bytes)].filter((line) => line !== ""));
  if (list !== undefined && lines !== undefined) {
    return { ...told, paths: pathsFrom(folder, lines, list, draft), folders: [folder] };
  }
  return inSite.test(site) ? { ...told, paths: [], folders: [folder, ...topLevelFolders(metadata, draft)] } : undefined;
}

/** The distribution of an `.egg-info` that is a file: nothing says which files are its own. */
export function readEggInfoFile(source: WantedFile, draft: CatalogDraft): Distribution | undefined {
  const site = source.path.slice(0, Math.max(0, source.path.lastIndexOf("/")));
  if (!inSite.test(site) && !inLibrary.test(site)) return undefined;
  const metadata = { folder: source.path, site, files: new Map([["PKG-INFO", source]]) };
  const told = toldBy(metadata, draft);
  return told && { ...told, paths: [source.path], folders: [] };
}

/** The distribution that an `.egg-link` leads to, `eggs` by the folder they lie in: of the source it owns the metadata alone. */
export function readEggLink(link: WantedFile, eggs: ReadonlyMap<ByteString, MetadataFolder>, draft: CatalogDraft): Distribution {
  const site = link.path.slice(0, Math.max(0, link.path.lastIndexOf("/")));
  const [line = ""] = draft.read(link, mostListBytes, (bytes) => [...linesOf(bytes)]) ?? [];
  const target = pathFrom(site, line.trim());
  const egg = target === undefined ? undefined : eggs.get(target);
  const told = egg && toldBy(egg, draft);
  const name = normalName(textOf(link.path.slice(site.length).replace(/^\/|\.egg-link$/g, "")));
  return {
    ...(told ?? { name, version: undefined, requires: [] }),
    source: link,
    site,
    paths: [link.path],
    folders: egg === undefined ? [] : [egg.folder],
  };
}

function toldBy(metadata: MetadataFolder, draft: CatalogDraft): Omit<Distribution, "paths" | "folders"> | undefined {
  const { folder, site, files } = metadata;
  const source = files.get("PKG-INFO");
  if (source === undefined) return undefined;
  const { name, version, requires } = readMetadata(source, draft);
  const list = files.get("requires.txt");
  const egg = list && draft.read(list, mostListBytes, (bytes) => requiredNames(eggRequirements(bytes)));
  const [, stem = "", number] = /([^/]+?)(?:-([^/-]+))?(?:-py[^/-]*)?\.egg(?:-info)?(?:\/EGG-INFO)?$/.exec(folder) ?? [];
  return {
    source,
    site,
    name: name ?? normalName(textOf(stem)),
    version: version ?? number,
    requires: requires.length > 0 ? requires : (egg ?? []),
  };
}
