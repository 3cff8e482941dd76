import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule } from "../contracts/rule.ts";
import { cacheFolders } from "../facts/cache-folders.ts";
import { leftoverVerdict } from "../claims/leftover-verdict.ts";

/** uv's cache buckets, each with a version behind its name; other names in a folder that a variable points to are not uv's. */
const buckets = [
  "archive",
  "binaries",
  "built-wheels",
  "builds",
  "flat-index",
  "git",
  "interpreter",
  "python",
  "sdists",
  "simple",
  "wheels",
].map((name) => `${name}-v*`);

/** What uv keeps, as far as it is no hard link of an installed file. */
export const uvCache: Rule = defineRule({
  name: "uv-cache",
  title: "Downloads and wheels that uv kept",
  meaning:
    "uv unpacks each wheel into ~/.cache/uv and installs by hard links into the environment. Where that works, in the same " +
    "layer and file system, the cache costs next to nothing. With UV_LINK_MODE=copy, across file systems, or for what was " +
    "downloaded in another layer, each file is stored twice.",
  measure:
    "All visible files in the buckets of .cache/uv of all homes (/root, /home/NAME, /app, HOME), of XDG_CACHE_HOME/uv and of " +
    "UV_CACHE_DIR as the image's environment sets them. A file whose content a hard link outside uses costs its header alone, " +
    "or nothing where the link leads to it.",
  risk:
    "None for copies and hard links, unless the container starts by `uv run` or `uvx` and has no network: then the finding is " +
    "to be verified. uv's own environments (environments-v2) stay. With UV_LINK_MODE=symlink the environment leads into the " +
    "cache: files that a symbolic link outside leads to stay.",
  evaluate: (facts) =>
    leftoverVerdict(facts, {
      what: "of uv's cache",
      patterns: cacheFolders(facts, "uv", "UV_CACHE_DIR").flatMap((folder) => buckets.map((bucket) => `${folder}/${bucket}`)),
      safety: startsByUv(facts) ? "verified" : "lossless",
      avoid: "set UV_NO_CACHE=1 (or use a cache mount) for",
      tool: {
        patterns: [
          "usr/bin/uv",
          "bin/uv",
          "usr/local/bin/uv",
          "root/.local/bin/uv",
          "root/.cargo/bin/uv",
          "opt/*/bin/uv",
          "*/bin/uv",
        ],
        absent: "there is no uv in the image",
      },
    }),
});

/** `uv run` and `uvx` may fill an environment from the cache. */
function startsByUv(facts: Facts): boolean {
  const { entrypoint, command } = facts.image.config;
  return /(?:^|[\s/])uvx?(?:\s|$)/.test([...entrypoint, ...command].join(" "));
}
