import type { FileTree } from "../../facts/file-tree.ts";
import { packageEntries } from "../../facts/package-entries.ts";
import type { InstalledPackage } from "../../facts/packages.ts";

// debuerreotype's lists .slimify-excludes and .slimify-includes, by which Debian's slim images are made.
const documents =
  /^usr\/share\/(?:(?:doc|info|linda|locale|man)\/.|lintian\/overrides\/.|gnome\/help\/[^/]+\/.|omf\/[^/]+\/[^/]*-[^/]*\.emf$)/;
const kept =
  /^usr\/share\/(?:doc\/[^/]+\/copyright$|locale\/(?:all_languages|languages|locale\.alias|currency\/.*|l10n\/.*)$|gnome\/help\/[^/]+\/C\/|omf\/[^/]+\/[^/]*-C\.emf$)/;

/** Documents, manuals and translations of packages, which dpkg leaves out in slim images whenever a package is installed. */
export function documentsOf(tree: FileTree, all: readonly InstalledPackage[], layers: number): readonly number[] {
  const owned = packageEntries(tree, all);
  const share = tree.paths.find("usr/share");
  if (share < 0) return [];
  return [...tree.within(share)].filter((entry) => {
    const path = tree.path(entry);
    const isPackaged = owned.has(entry) || tree.layerOf(entry) < layers;
    return tree.type(entry) !== "directory" && isPackaged && documents.test(path) && !kept.test(path);
  });
}

const byScripts =
  /^(?:usr\/(?:share|lib|libexec)\/|var\/lib\/(?!dpkg\/|apt\/)|etc\/(?!ssl\/|apt\/|alternatives\/|(?:passwd|group|g?shadow|sub[ug]id|ld\.so|machine-id)))/;

/** What scripts of the base's packages made and no package owns: settings, indexes of types and loaders. Python and Node are in /usr/local. */
export function* madeByScripts(tree: FileTree, all: readonly InstalledPackage[], layers: number): Generator<number> {
  const owned = packageEntries(tree, all);
  for (const entry of tree.all()) {
    const layer = tree.layerOf(entry);
    if (layer === 0 || layer >= layers || owned.has(entry) || tree.type(entry) === "directory") continue;
    if (byScripts.test(tree.path(entry))) yield entry;
  }
}
