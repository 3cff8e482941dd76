import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule } from "../contracts/rule.ts";
import { inHomes } from "../facts/cache-folders.ts";
import { fileTree } from "../facts/file-tree.ts";
import { leftoverVerdict } from "../claims/leftover-verdict.ts";
import { owners } from "../facts/owners.ts";
import { byteStringFromText, type ByteString } from "../lib/byte-string.ts";
import type { ComponentKind } from "../model/report.ts";

const histories = [
  ".wget-hsts",
  ".bash_history",
  ".ash_history",
  ".python_history",
  ".node_repl_history",
  ".lesshst",
  ".viminfo",
];

/** What no package, model or cache claims. */
const removableKinds: ReadonlySet<ComponentKind> = new Set(["unowned", "application"]);

/** What the build left in temporary folders. */
export const temporaryFiles: Rule = defineRule({
  name: "temporary-files",
  title: "Files left in temporary folders",
  meaning:
    "Downloads, unpacked archives, requirement lists and build folders in /tmp and /var/tmp that the step which made them did " +
    "not remove, and the histories of shells and tools in the home folders. Where /tmp is a tmpfs at run time nobody can even " +
    "see them.",
  measure:
    "All visible files and links below /tmp and /var/tmp, and known history files (.wget-hsts, .bash_history and the like) of " +
    "all homes. Folders stay. Files of a package, of a model or of a tool's cache are left alone.",
  risk:
    "A program may be started from there. Whatever lies below a folder of /tmp that the entry point, the command, the " +
    "environment, the working folder or a symbolic link outside names is left alone; a path that a script inside the image " +
    "uses can't be seen.",
  evaluate: (facts) => {
    const used = usedFolders(facts);
    const tree = facts.get(fileTree);
    return leftoverVerdict(facts, {
      what: "of temporary folders and histories",
      patterns: ["tmp", "var/tmp", ...histories.flatMap((name) => inHomes(facts, name))],
      accept: (entry) =>
        removableKinds.has(facts.get(owners).of(entry).kind) && !used.some((folder) => isBelow(tree.path(entry), folder)),
      safety: "verified",
      avoid: "add `rm -rf /tmp/* /var/tmp/*` to",
    });
  },
});

/** Temporary folders, or what is right below one, that the image's configuration names. */
function usedFolders(facts: Facts): ByteString[] {
  const { entrypoint, command, environment, workingDirectory } = facts.image.config;
  const home = environment.findLast((line) => line.startsWith("HOME="))?.slice(5) ?? "";
  const places = [...entrypoint, ...command, workingDirectory, home].flatMap(temporaryPaths);
  // `TMPDIR=/tmp` says nothing of what is in it, `PATH=/tmp/venv/bin:…` does.
  const inside = environment.flatMap(temporaryPaths).filter((path) => !/^(?:var\/)?tmp$/.test(path));
  return [...places, ...inside].map(byteStringFromText);
}

function temporaryPaths(text: string): string[] {
  const names = text.matchAll(/(?<![\w.-])\/((?:var\/)?tmp)(?:\/([^\s/:;,'"=]+))?(?![\w.-])/g);
  return [...names].map(([, folder = "", name]) => (name === undefined ? folder : `${folder}/${name}`));
}

function isBelow(path: ByteString, folder: ByteString): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
