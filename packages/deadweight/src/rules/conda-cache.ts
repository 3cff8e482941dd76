import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule } from "../contracts/rule.ts";
import { folderFromEnvironment } from "../facts/cache-folders.ts";
import { fileTree } from "../facts/file-tree.ts";
import { leftoverVerdict } from "../claims/leftover-verdict.ts";

/** What conda and mamba keep in `pkgs`. */
export const condaCache: Rule = defineRule({
  name: "conda-cache",
  title: "Packages that conda or mamba kept",
  meaning:
    "conda keeps each package in the folder pkgs of its root, as downloaded (.conda, .tar.bz2) and unpacked, and the " +
    "channels' indexes in pkgs/cache. The environments are made of hard links to what is unpacked, which cost nothing in the " +
    "same layer; an environment that was made or changed in a later layer is stored twice.",
  measure:
    "All visible files below a folder pkgs that is conda's: it holds urls.txt, or conda-meta stands beside it: at most three " +
    "folders deep (/opt/conda/pkgs, /home/NAME/miniconda3/pkgs), or where CONDA_PKGS_DIRS of the image's environment points " +
    "to. A file whose content a hard link outside uses costs its header alone, or nothing where the link leads to it.",
  risk:
    "None for copies and hard links. Where conda fell back to symbolic links (across file systems) the files that they lead " +
    "to stay; `conda clean -f` would remove them and break the environment.",
  evaluate: (facts) =>
    leftoverVerdict(facts, {
      what: "of conda's package cache",
      patterns: packageFolders(facts),
      safety: "lossless",
      avoid: "add `conda clean -afy` to",
      tool: {
        patterns: ["*/conda-meta", "*/*/conda-meta", "*/*/*/conda-meta", "opt/*/envs/*/conda-meta"],
        absent: "there is no conda environment in the image",
      },
    }),
});

function packageFolders(facts: Facts): string[] {
  const tree = facts.get(fileTree);
  const setting = folderFromEnvironment(facts, "CONDA_PKGS_DIRS");
  const patterns = ["*/pkgs", "*/*/pkgs", "*/*/*/pkgs", ...(setting === undefined ? [] : [setting])];
  const folders = patterns.flatMap((pattern) => [...tree.globAll(pattern)]);
  return folders.filter((node) => isConda(facts, node)).map((node) => tree.paths.path(node));
}

/** A name with `*` in it would become a pattern. */
function isConda(facts: Facts, node: number): boolean {
  const { paths } = facts.get(fileTree);
  if (paths.path(node).includes("*")) return false;
  const isBesideEnvironment = paths.name(node) === "pkgs" && paths.findChild(paths.parent(node), "conda-meta") >= 0;
  return isBesideEnvironment || paths.findChild(node, "urls.txt") >= 0;
}
