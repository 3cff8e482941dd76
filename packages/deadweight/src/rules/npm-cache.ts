import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule } from "../contracts/rule.ts";
import { cacheFolders, folderFromEnvironment, inHomes } from "../facts/cache-folders.ts";
import { leftoverVerdict } from "../claims/leftover-verdict.ts";

/** What npm, yarn and pnpm keep. */
export const npmCache: Rule = defineRule({
  name: "npm-cache",
  title: "Packages that npm, yarn or pnpm kept",
  meaning:
    "npm keeps each package that it downloads in ~/.npm/_cacache, yarn 1 in ~/.cache/yarn (as root in " +
    "/usr/local/share/.cache/yarn), pnpm in its store, from where it makes hard links into node_modules if both are in the " +
    "same layer and file system.",
  measure:
    "All visible files below these folders of all homes (/root, /home/NAME, /app, HOME), and where npm_config_cache, " +
    "YARN_CACHE_FOLDER or PNPM_HOME of the image's environment point to; npm's _logs as well. A file whose content a hard " +
    "link outside uses costs its header alone, or nothing where the link leads to it.",
  risk:
    "None for these. Left alone is what programs run from: npm's _npx, the global virtual store of pnpm (links), and the " +
    "cache of yarn 2 and later, which Plug'n'Play loads packages from.",
  evaluate: (facts) =>
    leftoverVerdict(facts, {
      what: "of the caches of npm, yarn or pnpm",
      patterns: [...npmFolders(facts), ...yarnFolders(facts), ...pnpmFolders(facts)],
      safety: "lossless",
      avoid: "add `npm cache clean --force` (`yarn cache clean`, `pnpm store prune`), or a cache mount, to",
      tool: {
        patterns: ["usr/bin/node*", "usr/local/bin/node", "opt/*/bin/node", "root/.nvm", "usr/local/nvm", "*/bin/node"],
        absent: "there is no Node in the image",
      },
    }),
});

function npmFolders(facts: Facts): string[] {
  const settings = ["npm_config_cache", "NPM_CONFIG_CACHE"].map((variable) => folderFromEnvironment(facts, variable));
  const folders = [...inHomes(facts, ".npm"), ...settings.filter((folder) => folder !== undefined)];
  return folders.flatMap((folder) => [`${folder}/_cacache`, `${folder}/_logs`]);
}

/** Yarn 1 keeps `npm-NAME-VERSION-…` in one folder for each version of its cache's layout: `v6`. */
function yarnFolders(facts: Facts): string[] {
  const folders = ["usr/local/share/.cache/yarn", ...cacheFolders(facts, "yarn", "YARN_CACHE_FOLDER")];
  return folders.flatMap((folder) => [`${folder}/v*/npm-*`, `${folder}/v*/.tmp`]);
}

function pnpmFolders(facts: Facts): string[] {
  const home = folderFromEnvironment(facts, "PNPM_HOME");
  const stores = [
    ...inHomes(facts, ".local/share/pnpm/store"),
    ...inHomes(facts, ".pnpm-store"),
    ...(home === undefined ? [] : [`${home}/store`]),
  ];
  return [...stores.flatMap((store) => [`${store}/v*/files`, `${store}/v*/index`]), ...inHomes(facts, ".cache/pnpm")];
}
