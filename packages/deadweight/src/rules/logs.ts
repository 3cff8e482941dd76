import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule } from "../contracts/rule.ts";
import { fileTree } from "../facts/file-tree.ts";
import { leftoverFindings } from "../claims/leftover-verdict.ts";

/** Users' numbers index these files, a record each: `useradd -u 1000000` makes them huge. */
const indexedByUser: ReadonlySet<string> = new Set(["var/log/lastlog", "var/log/faillog"]);

/** A usual lastlog has 292 bytes for each of some users. */
const largeBytes = 1_000_000;

/** Logs and old databases of the build. */
export const logs: Rule = defineRule({
  name: "logs",
  title: "Logs of the build and old copies of databases",
  meaning:
    "What the build's package manager and tools logged to /var/log, the backups that dpkg and debconf keep (`status-old`, " +
    "`config.dat-old`), and ldconfig's own cache. Usually 2 to 10 MB; far more where `useradd` with a high user id made " +
    "lastlog and faillog grow: they are sparse files, which image builders store in full.",
  measure:
    "All visible files below /var/log that are not empty and belong to root, /var/lib/dpkg/*-old, /var/cache/debconf/*-old " +
    "and /var/cache/ldconfig/aux-cache. Folders and empty files stay. A lastlog or faillog of a megabyte and more is a " +
    "finding apart.",
  risk:
    "None for a program that makes its own log. A log of another user than root stays, as that user may be able to write to " +
    "the file but not to make it.",
  evaluate: (facts) => {
    const tree = facts.get(fileTree);
    const isLog = (entry: number): boolean => tree.size(entry) > 0 && tree.owner(entry).startsWith("0:");
    return [
      ...leftoverFindings(facts, {
        what: "of logs and old databases",
        patterns: ["var/log", "var/lib/dpkg/*-old", "var/cache/debconf/*-old", "var/cache/ldconfig/aux-cache"],
        accept: (entry) => isLog(entry) && !isLargeIndex(facts, entry),
        safety: "lossless",
        avoid: "add `rm -rf /var/log/* /var/lib/dpkg/*-old /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache` to",
      }),
      ...leftoverFindings(facts, {
        what: "that a high user id made large (lastlog, faillog)",
        patterns: [...indexedByUser],
        accept: (entry) => isLog(entry) && isLargeIndex(facts, entry),
        safety: "lossless",
        avoid: "use `useradd --no-log-init` in",
      }),
    ];
  },
});

function isLargeIndex(facts: Facts, entry: number): boolean {
  const tree = facts.get(fileTree);
  return indexedByUser.has(tree.path(entry)) && tree.size(entry) >= largeBytes;
}
