import { inHomes } from "../facts/cache-folders.ts";
import { defineRule, type Rule } from "../contracts/rule.ts";
import { leftoverVerdict } from "../claims/leftover-verdict.ts";

/** What dnf, yum and zypper keep. */
export const rpmCache: Rule = defineRule({
  name: "rpm-cache",
  title: "Metadata and packages that dnf, yum or zypper kept",
  meaning:
    "dnf, microdnf, yum, tdnf and zypper store the metadata of all repositories, and by their settings the packages, below " +
    "/var/cache: often 100 MB and more after one install.",
  measure:
    "All visible files below /var/cache/dnf, yum, libdnf5, tdnf and zypp, of users' own caches (~/.cache/libdnf5), and the " +
    "folders dnf-* and yum-* in /var/tmp. The rpm database and dnf's history are no caches and stay.",
  risk: "None: the next install loads the metadata again, which takes some seconds.",
  evaluate: (facts) =>
    leftoverVerdict(facts, {
      what: "of the package managers' caches",
      patterns: [
        ...["dnf", "yum", "libdnf5", "tdnf", "zypp"].map((name) => `var/cache/${name}`),
        ...inHomes(facts, ".cache/libdnf5"),
        "var/tmp/dnf-*",
        "var/tmp/yum-*",
      ],
      safety: "lossless",
      avoid: "add `dnf clean all` (`yum clean all`, `zypper clean --all`) to",
      tool: {
        patterns: [
          "usr/bin/rpm",
          "usr/bin/dnf*",
          "usr/bin/microdnf",
          "usr/bin/yum",
          "usr/bin/tdnf",
          "usr/bin/zypper",
          "var/lib/rpm",
        ],
        absent: "there is no rpm in the image",
      },
    }),
});
