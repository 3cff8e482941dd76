// PEP 3147 and 488: the byte code of `a/b.py` is `a/__pycache__/b.cpython-311.pyc`, with `.opt-1` before the ending when optimised.
import type { ByteString } from "../../lib/byte-string.ts";

/** Versions that write `cpython-3XX` and are not told by the folder's name, as in `/usr/lib/python3/dist-packages`. */
const versions = ["36", "37", "38", "39", "310", "311", "312", "313", "314", "315"];

/**
 * Where the byte code lies of modules that a RECORD lists without it, as uv and `pip --no-compile` do: the `__pycache__` folders of
 * the distribution's own folders, and by name in that of `site`, which all share.
 */
export function unlistedByteCode(site: ByteString, paths: readonly ByteString[]): { paths: ByteString[]; folders: ByteString[] } {
  const listed = new Set(paths.flatMap((path) => /^(.*\/__pycache__\/[^/.]*)\.[^/]*\.pyc$/.exec(path)?.[1] ?? []));
  const shared: ByteString[] = [];
  const folders = new Set<ByteString>();
  for (const path of paths) {
    const [, folder, module] = /^(.*)\/([^/]*)\.py$/.exec(path) ?? [];
    if (folder === undefined || !isInside(site, folder) || listed.has(`${folder}/__pycache__/${module}`)) continue;
    if (folder === site) shared.push(...compiledNames(`${folder}/__pycache__/${module}`, site));
    else folders.add(`${folder}/__pycache__`);
  }
  return { paths: shared, folders: [...folders] };
}

function isInside(site: ByteString, folder: ByteString): boolean {
  return folder === site || folder.startsWith(`${site}/`);
}

function compiledNames(stem: ByteString, site: ByteString): ByteString[] {
  const [, minor] = /\/python3\.(\d{1,2})\//.exec(`/${site}/`) ?? [];
  const tags = minor === undefined ? versions : [`3${minor}`];
  return tags.flatMap((tag) => ["", ".opt-1", ".opt-2"].map((level) => `${stem}.cpython-${tag}${level}.pyc`));
}
