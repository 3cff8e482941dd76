import type { WantedFile } from "../../contracts/cataloger.ts";
import { textOf, type ByteString } from "../../lib/byte-string.ts";
import type { CatalogDraft } from "../system/catalog-draft.ts";
import { linesOf } from "../system/lines.ts";
import { parseCoreMetadata, type CoreMetadata } from "./core-metadata.ts";
import { pathFrom } from "./record.ts";

/** A RECORD of 100,000 files takes about 12 MB. */
export const mostListBytes: number = 128 * 1024 * 1024;

/** One folder of metadata: `site` is the folder that holds it, and what its lists are relative to. */
export interface MetadataFolder {
  readonly folder: ByteString;
  readonly site: ByteString;
  /** Its wanted files by base name. */
  readonly files: ReadonlyMap<string, WantedFile>;
}

/** An installed Python distribution. */
export interface Distribution extends CoreMetadata {
  readonly name: string;
  /** The file that it was told by. */
  readonly source: WantedFile;
  readonly site: ByteString;
  readonly paths: readonly ByteString[];
  readonly folders: readonly ByteString[];
}

/** What METADATA or PKG-INFO says; nothing when it is absent or too large, the latter with a problem. */
export function readMetadata(file: WantedFile | undefined, draft: CatalogDraft): CoreMetadata {
  const parsed = file && draft.attempt(file, () => parseCoreMetadata(file.bytes()));
  return parsed ?? { name: undefined, version: undefined, requires: [] };
}

/** The paths that a list names, from the image's root. Those that lead out of the image become one problem. */
export function pathsFrom(folder: ByteString, listed: Iterable<ByteString>, file: WantedFile, draft: CatalogDraft): ByteString[] {
  const paths: ByteString[] = [];
  let outside: ByteString | undefined;
  for (const path of listed) {
    const found = pathFrom(folder, path);
    if (found === undefined) outside ??= path;
    else if (found !== "") paths.push(found);
  }
  if (outside !== undefined) draft.report(file, `names a path outside of the image: ${textOf(outside)}`);
  return paths;
}

/**
 * Folders and modules that top_level.txt names, where nothing lists the files: `numpy`, `numpy.libs`, `six.py` and its byte code.
 * What another database names is that one's all the same.
 */
export function topLevelFolders({ site, files }: MetadataFolder, draft: CatalogDraft): readonly ByteString[] {
  const file = files.get("top_level.txt");
  const lines = file && draft.read(file, mostListBytes, (bytes) => [...linesOf(bytes)]);
  const names = (lines ?? []).map((line) => line.trim()).filter((name) => /^[^/*.][^/*]*$/.test(name));
  const before = site === "" ? "" : `${site}/`;
  return names.flatMap((name) => [`${before}${name}`, `${before}${name}.*`, `${before}__pycache__/${name}.*`]);
}
