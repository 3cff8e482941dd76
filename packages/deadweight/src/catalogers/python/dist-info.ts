import type { WantedFile } from "../../contracts/cataloger.ts";
import { byteStringOf, textOf, type ByteString } from "../../lib/byte-string.ts";
import { asRecord, parseJson } from "../../lib/parse-json.ts";
import type { CatalogDraft } from "../system/catalog-draft.ts";
import { unlistedByteCode } from "./byte-code.ts";
import { normalName } from "./core-metadata.ts";
import {
  mostListBytes,
  pathsFrom,
  readMetadata,
  topLevelFolders,
  type Distribution,
  type MetadataFolder,
} from "./distribution.ts";
import { parseRecord } from "./record.ts";

/** The .pth files of editable installs by their folder and the distribution's name: `__editable__.NAME-VERSION.pth` by setuptools. */
export function linksByName(files: readonly WantedFile[]): ReadonlyMap<ByteString, ByteString> {
  const links = new Map<ByteString, ByteString>();
  for (const { path } of files) {
    const [, site = "", name = ""] = /^(?:(.*)\/)?__editable__\.(.+?)-[^/-]+\.pth$/.exec(path) ?? [];
    links.set(`${site}/${normalName(textOf(name))}`, path);
  }
  return links;
}

/**
 * The distribution of a `.dist-info` folder; undefined for one without METADATA and RECORD. Of an editable install it has the
 * metadata and the link, not the folder that this leads to.
 */
export function readDistInfo(
  metadata: MetadataFolder,
  links: ReadonlyMap<ByteString, ByteString>,
  draft: CatalogDraft,
): Distribution | undefined {
  const { folder, site, files } = metadata;
  const source = files.get("METADATA") ?? files.get("RECORD");
  if (source === undefined) return undefined;
  const { name, version, requires } = readMetadata(files.get("METADATA"), draft);
  const [, stem = "", number] = /([^/]+?)-([^/-]+)\.dist-info$/.exec(folder) ?? [];
  const told = { source, site, name: name ?? normalName(textOf(stem)), version: version ?? number, requires };
  const owned = listed(metadata, draft);
  if (owned !== undefined) return { ...told, paths: owned.paths, folders: [folder, ...owned.folders] };
  if (!isEditable(metadata, draft)) return { ...told, paths: [], folders: [folder, ...topLevelFolders(metadata, draft)] };
  const link = links.get(`${site}/${told.name}`);
  return { ...told, paths: link === undefined ? [] : [link], folders: [folder] };
}

/** What RECORD names, with the byte code that it leaves out. */
function listed(
  { site, files }: MetadataFolder,
  draft: CatalogDraft,
): { paths: ByteString[]; folders: ByteString[] } | undefined {
  const record = files.get("RECORD");
  const text = record && draft.read(record, mostListBytes, (bytes) => byteStringOf(bytes));
  if (record === undefined || text === undefined) return undefined;
  const paths = pathsFrom(site, parseRecord(text), record, draft);
  const byteCode = unlistedByteCode(site, paths);
  return { paths: [...paths, ...parentFolders(site, paths), ...byteCode.paths], folders: byteCode.folders };
}

/** PEP 610: direct_url.json says `{"dir_info": {"editable": true}}`. */
function isEditable({ files }: MetadataFolder, draft: CatalogDraft): boolean {
  const file = files.get("direct_url.json");
  const value = file && draft.read(file, mostListBytes, (bytes) => parseJson(bytes, "cannot read direct_url.json"));
  return asRecord(asRecord(value)?.["dir_info"])?.["editable"] === true;
}

/** RECORD lists files alone: their folders below `site` are the distribution's too. */
function parentFolders(site: ByteString, paths: readonly ByteString[]): Iterable<ByteString> {
  const folders = new Set<ByteString>();
  for (const path of paths) {
    if (!path.startsWith(site === "" ? "" : `${site}/`)) continue;
    let end = path.lastIndexOf("/");
    for (; end > site.length && !folders.has(path.slice(0, end)); end = path.lastIndexOf("/", end - 1))
      folders.add(path.slice(0, end));
  }
  return folders;
}
