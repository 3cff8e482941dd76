import type { FileTree } from "../../facts/file-tree.ts";
import { textOf, type ByteString } from "../../lib/byte-string.ts";

/**
 * What two builds of one Dockerfile don't write alike, and no program depends on: logs, downloads and indexes of package managers, and byte
 * code, which holds the time of its source.
 */
export const writtenByBuilds: readonly string[] = [
  "var/log/**",
  "var/cache/apt/**",
  "var/cache/debconf/**",
  "var/cache/ldconfig/**",
  "var/lib/apt/lists/**",
  "**/__pycache__/**",
  "**/.cache/pip/**",
  "**/.cache/uv/**",
  // Its index holds times and inodes.
  "**/.git/**",
  "root/.npm/_logs/**",
  // What deb-systemd-helper notes of units, for the scripts of their packages alone.
  "var/lib/systemd/deb-systemd-helper-*/**",
  "var/lib/systemd/deb-systemd-user-helper-*/**",
];

/** Files whose content differs between builds, or when other packages are installed; that they are there counts. */
export const rewrittenByBuilds: readonly string[] = [
  "etc/ld.so.cache",
  "etc/machine-id",
  "etc/shadow",
  "etc/shadow-",
  "var/lib/apt/extended_states",
  "var/lib/dpkg/available",
  "var/lib/dpkg/status",
  "var/lib/dpkg/status-old",
  "var/lib/dpkg/triggers/**",
  // What npm has installed, for npm alone.
  "**/node_modules/.package-lock.json",
  // What pip printed when `pip install torch>=2.1` was not quoted: the shell wrote it to `=2.1`.
  "**/=*",
];

/**
 * Folders all of whose files are to go, or may, at any depth: they may go with them, and so may empty ones in them. Paths are texts, but for
 * `isFree`.
 */
export function goneFolders(
  tree: FileTree,
  removed: ReadonlySet<string>,
  isFree: (path: ByteString) => boolean,
): ReadonlySet<string> {
  if (removed.size === 0) return new Set();
  const touched = new Set([...removed].flatMap(foldersAbove));
  const kept = new Set<string>();
  const folders: string[] = [];
  for (const entry of tree.all()) {
    const path = textOf(tree.path(entry));
    if (tree.type(entry) === "directory") folders.push(path);
    else if (!removed.has(path) && !isFree(tree.path(entry))) for (const above of foldersAbove(path)) kept.add(above);
  }
  const gone = new Set<string>();
  // A folder comes before what is in it.
  for (const path of folders.sort()) {
    const isInGone = gone.has(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    if (!kept.has(path) && (touched.has(path) || isInGone)) gone.add(path);
  }
  return gone;
}

function foldersAbove(path: string): readonly string[] {
  const names = path.split("/");
  return names.slice(1).map((_, place) => names.slice(0, place + 1).join("/"));
}
