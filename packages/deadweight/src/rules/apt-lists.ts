import { defineRule, type Rule } from "../contracts/rule.ts";
import { fileTree } from "../facts/file-tree.ts";
import { leftoverVerdict } from "../claims/leftover-verdict.ts";

/** The package lists of `apt-get update`. */
export const aptLists: Rule = defineRule({
  name: "apt-lists",
  title: "Package lists that apt-get update left",
  meaning:
    "`apt-get update` stores the indexes of all package sources in /var/lib/apt/lists: 20 MB for Debian bookworm in the " +
    "official images (compressed indexes), 87 MB where they are kept uncompressed. Only `apt-get install` reads them, and " +
    "they are out of date within days.",
  measure:
    "All visible files below /var/lib/apt/lists but empty ones such as `lock`, in any layer. Folders stay, as apt wants them. " +
    "Lists that a later layer removes are still stored: see shadowed-files and late-cleanup.",
  risk:
    "A later RUN, or a program in the container, that installs packages must run `apt-get update` first, which is sound " +
    "anyway. With a cache mount on /var/lib/apt/lists nothing is stored, and removing them there would only empty the cache.",
  evaluate: (facts) =>
    leftoverVerdict(facts, {
      what: "of apt's package lists",
      patterns: ["var/lib/apt/lists"],
      accept: (entry) => facts.get(fileTree).size(entry) > 0,
      safety: "lossless",
      avoid: "add `rm -rf /var/lib/apt/lists/*` to",
      tool: { patterns: ["usr/bin/apt-get", "etc/apt", "var/lib/apt"], absent: "there is no apt in the image" },
    }),
});
