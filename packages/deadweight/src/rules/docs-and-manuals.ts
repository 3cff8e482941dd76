import { defineRule, type Rule } from "../contracts/rule.ts";
import { claimsWithin } from "../claims/claims-within.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { largestPlaces } from "../claims/largest-places.ts";
import type { ByteString } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";

const kinds = ["doc", "doc-base", "man", "info", "lintian", "gtk-doc", "help"];
const homes = ["usr/share", "usr/local/share", "opt/conda/share"];
const patterns = [...homes.flatMap((home) => kinds.map((kind) => `${home}/${kind}`)), "usr/local/man", "usr/local/doc"];

/** Documentation for people, which nobody reads in a container. */
export const docsAndManuals: Rule = defineRule({
  name: "docs-and-manuals",
  title: "Documentation and manual pages",
  meaning:
    "Packages bring manual pages, examples, changelogs and hypertext for people at a terminal. Slim base images leave them " +
    "out; installing 1.4 GB of packages on Debian brought 42 MB of documentation and 12 MB of manual pages.",
  measure:
    "Counts visible files below `doc`, `doc-base`, `man`, `info`, `lintian`, `gtk-doc` and `help` of `/usr/share`, " +
    "`/usr/local/share` and conda's `share`, and below `/usr/local/man` and `/usr/local/doc`. Files of licences " +
    "(`copyright`, `LICENSE`, `COPYING`, `NOTICE`) and links right in `doc`, which may lead to them, are kept.",
  risk:
    "`man`, `info` and the help of desktop programs find nothing. A few programs copy their first configuration from " +
    "`/usr/share/doc/*/examples`. The folders stay, as installing some packages (Java's, PostgreSQL's) fails without " +
    "`/usr/share/man/man1`. Licences ask to be kept with the binaries, and are.",
  evaluate: (facts) => {
    const tree = facts.get(fileTree);
    const claims = claimsWithin(tree, patterns, (entry) => !isLicence(tree, entry));
    if (claims.length === 0) return [];
    return [
      {
        message: `${countOf(claims.length, "file")} of documentation in ${largestPlaces(tree, claims, folderOf)}, licences kept`,
        safety: "opt-in",
        remedy: "path-exclude in /etc/dpkg/dpkg.cfg.d before the packages are installed (dnf: --nodocs), or a slim base image",
        claims,
      },
    ];
  },
});

/** Debian's policy asks for `copyright`; a link in `doc` stands for the folder of another package with it. */
function isLicence(tree: FileTree, entry: number): boolean {
  const name = tree.paths.name(tree.nodeOf(entry));
  if (/^(?:copyright|licen[cs]e|copying|notice|copyleft|authors)/i.test(name)) return true;
  return tree.type(entry) === "symlink" && tree.paths.name(tree.paths.parent(tree.nodeOf(entry))) === "doc";
}

/** `usr/share/man` of `usr/share/man/man1/ls.1.gz`. */
function folderOf(path: ByteString): ByteString {
  const home = patterns.find((pattern) => path.startsWith(`${pattern}/`));
  return home ?? path;
}
