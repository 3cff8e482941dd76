import type { Facts } from "../contracts/fact.ts";
import type { EntryClaim } from "../contracts/rule.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { packageEntries } from "../facts/package-entries.ts";
import { packages, type InstalledPackage } from "../facts/packages.ts";
import { removalClaims } from "../facts/removal-claims.ts";
import { symlinkTargets } from "../facts/symlink-targets.ts";

/**
 * What some layers hold of dpkg packages: their files and empty folders, links that lead to them and that no other package owns, archives,
 * alternatives.
 */
export function leavingClaims(
  facts: Facts,
  layers: readonly number[],
  leaving: ReadonlySet<InstalledPackage>,
): readonly EntryClaim[] {
  const tree = facts.get(fileTree);
  const inLayers = new Set(layers);
  const staying = facts.get(packages).final.filter((one) => one.kind === "dpkg" && !leaving.has(one));
  const shared = packageEntries(tree, staying);
  const isFree = (entry: number): boolean => entry >= 0 && !shared.has(entry) && inLayers.has(tree.layerOf(entry));
  const entries = new Set([...packageEntries(tree, leaving)].filter(isFree));
  const links = facts.get(symlinkTargets).flatMap(([link, target]) => (entries.has(target) && isFree(link) ? [link] : []));
  for (const link of links) entries.add(link);
  const folders = [...emptyFolders(tree, leaving, staying), ...foldersOfScripts(tree)];
  for (const entry of [...recordsOfAlternatives(tree, links), ...archivesOf(tree, leaving), ...folders])
    if (isFree(entry)) entries.add(entry);
  return removalClaims(tree, entries);
}

/** Folders that these packages have and no others, with nothing in them: those with files go with these. */
function emptyFolders(
  tree: FileTree,
  leaving: ReadonlySet<InstalledPackage>,
  staying: readonly InstalledPackage[],
): readonly number[] {
  const shared = new Set(staying.flatMap(({ nodes }) => [...nodes]));
  const nodes = [...leaving].flatMap((one) => [...one.nodes]).filter((node) => !shared.has(node));
  return nodes.map((node) => tree.visible(node)).filter((entry) => isEmptyFolder(tree, entry));
}

/** Debian Policy 9.1.2: scripts of packages make folders below /usr/local, which no package has, and leave them empty. */
function foldersOfScripts(tree: FileTree): readonly number[] {
  const local = tree.paths.find("usr/local");
  return local < 0 ? [] : [...tree.within(local)].filter((entry) => entry !== tree.visible(local) && isEmptyFolder(tree, entry));
}

function isEmptyFolder(tree: FileTree, entry: number): boolean {
  if (entry < 0 || tree.type(entry) !== "directory") return false;
  for (const one of tree.within(tree.nodeOf(entry))) if (one !== entry) return false;
  return true;
}

/** `update-alternatives` keeps a record by the name of each link in its folder. */
function recordsOfAlternatives(tree: FileTree, links: readonly number[]): readonly number[] {
  const folder = "etc/alternatives/";
  const names = links.map((link) => tree.path(link)).filter((path) => path.startsWith(folder));
  return names.map((path) => tree.find(`var/lib/dpkg/alternatives/${path.slice(folder.length)}`));
}

/** What apt downloaded of them: `NAME_VERSION_ARCHITECTURE.deb`. */
function archivesOf(tree: FileTree, leaving: ReadonlySet<InstalledPackage>): readonly number[] {
  const names = new Set([...leaving].map(({ name }) => name.replace(/:.*$/, "")));
  const archives = [...tree.glob("var/cache/apt/archives/*.deb")];
  return archives.filter((node) => names.has(tree.paths.name(node).replace(/_.*$/, ""))).map((node) => tree.visible(node));
}
