import { defineRule, type Rule } from "../contracts/rule.ts";
import { leftoverVerdict } from "../claims/leftover-verdict.ts";

/** Indexes and packages that apk downloaded. */
export const apkCache: Rule = defineRule({
  name: "apk-cache",
  title: "Indexes and packages that apk kept",
  meaning:
    "`apk add` without `--no-cache`, and `apk update`, store the indexes of the repositories in /var/cache/apk; where " +
    "/etc/apk/cache exists the packages are kept there too.",
  measure:
    "All visible files below /var/cache/apk and /etc/apk/cache. The database of installed packages, /lib/apk/db, is no cache.",
  risk: "None: apk loads the indexes again. `apk add` in a running container then needs `apk update` or `--no-cache` first.",
  evaluate: (facts) =>
    leftoverVerdict(facts, {
      what: "of apk's cache",
      patterns: ["var/cache/apk", "etc/apk/cache"],
      safety: "lossless",
      avoid: "use `apk add --no-cache` in",
      tool: { patterns: ["sbin/apk", "usr/sbin/apk", "usr/bin/apk", "lib/apk/db"], absent: "there is no apk in the image" },
    }),
});
