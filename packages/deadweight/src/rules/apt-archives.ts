import { defineRule, type Rule } from "../contracts/rule.ts";
import { fileTree } from "../facts/file-tree.ts";
import { leftoverVerdict } from "../claims/leftover-verdict.ts";

/** Downloaded `.deb` files and apt's binary caches. */
export const aptArchives: Rule = defineRule({
  name: "apt-archives",
  title: "Downloaded packages that apt kept",
  meaning:
    "apt keeps each .deb that it downloads in /var/cache/apt/archives, and its view of the lists in pkgcache.bin and " +
    "srcpkgcache.bin. In the official Debian and Ubuntu images /etc/apt/apt.conf.d/docker-clean empties them after each run; " +
    "a base made by debootstrap, or `Keep-Downloaded-Packages`, lets them stay: 301 MB of packages and 80 MB of caches for an " +
    "install of 1.4 GB.",
  measure:
    "All visible files below /var/cache/apt/archives but empty ones such as `lock`, and /var/cache/apt/pkgcache.bin and " +
    "srcpkgcache.bin. Folders stay, as apt wants them.",
  risk:
    "None: apt downloads a package again when it needs it, and makes the binary caches anew at its next run, which then takes " +
    "a second longer. A file that docker-clean would have removed is removed by nobody else.",
  evaluate: (facts) =>
    leftoverVerdict(facts, {
      what: "of apt's downloads and caches",
      patterns: ["var/cache/apt/archives", "var/cache/apt/pkgcache.bin", "var/cache/apt/srcpkgcache.bin"],
      accept: (entry) => facts.get(fileTree).size(entry) > 0,
      safety: "lossless",
      avoid: "add `apt-get clean` to",
      tool: { patterns: ["usr/bin/apt-get", "etc/apt", "var/cache/apt"], absent: "there is no apt in the image" },
    }),
});
