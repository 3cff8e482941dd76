import type { Facts } from "../contracts/fact.ts";
import { defineRule, type EntryClaim, type Rule } from "../contracts/rule.ts";
import { fileTree } from "../facts/file-tree.ts";
import { layerLabels } from "../claims/layer-label.ts";
import { leftoverRemedy } from "../claims/leftover-verdict.ts";
import { packages } from "../facts/packages.ts";
import { unlinkedClaims } from "../claims/unlinked-claims.ts";
import { textOf } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";

/** Packages that read a repository when they are imported or when something is installed. */
const readers: ReadonlySet<string> = new Set([
  "setuptools-scm",
  "setuptools_scm",
  "hatch-vcs",
  "versioneer",
  "dunamai",
  "pbr",
  "gitpython",
  "GitPython",
  "dulwich",
]);

/** Repositories that were copied or cloned with their history. */
export const versionControlFolders: Rule = defineRule({
  name: "version-control-folders",
  title: "Version control folders with the whole history",
  meaning:
    "`COPY . .` without a .dockerignore brings .git, `git clone` leaves it: every version of every file, often more bytes " +
    "than the files themselves, and at times secrets that were removed from the tree long ago. Mercurial (.hg) and Subversion " +
    "(.svn) do the same.",
  measure: "All visible files below folders named .git, .hg and .svn, wherever they are. Files such as .gitignore are not meant.",
  risk:
    "A program that asks git for its version (setuptools-scm, hatch-vcs, versioneer, `git describe`), that updates itself by " +
    "`git pull`, or that reads the repository (GitPython) fails or reports another version. Where such a package is installed " +
    "the finding says so. At build time, run what needs the history before it is removed.",
  evaluate: (facts) => {
    const claims = unlinkedClaims(facts, ["**/.git/*", "**/.hg/*", "**/.svn/*"]);
    if (claims.length === 0) return [];
    const tree = facts.get(fileTree);
    const layers = layerLabels(
      facts,
      claims.map(({ entry }) => tree.layerOf(entry)),
    );
    const files = `${countOf(claims.length, "file")} of version control (${foldersOf(facts, claims)})`;
    const message = `${files} in ${layers}${readersInWords(facts)}`;
    const remedy = leftoverRemedy(facts, claims, "remove the folder in");
    return [{ message, safety: "verified", remedy, claims }];
  },
});

function foldersOf(facts: Facts, claims: readonly EntryClaim[]): string {
  const folders = new Set<string>();
  for (const { entry } of claims) {
    const folder = /^(?:[^]*?\/)?\.(?:git|hg|svn)(?=\/)/.exec(facts.get(fileTree).path(entry))?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  return someOf([...folders].sort().map((folder) => `/${textOf(folder)}`));
}

function readersInWords(facts: Facts): string {
  const found = facts.get(packages).final.filter(({ kind, name }) => kind === "python" && readers.has(name));
  const names = [...new Set(found.map(({ name }) => name))];
  return names.length === 0 ? "" : `; ${someOf(names)} can read it and ${names.length === 1 ? "is" : "are"} installed`;
}
