import { defineCheck, judged, notRun, type Check, type Comparison } from "../contracts/check.ts";
import type { Facts } from "../contracts/fact.ts";
import { commandWords, entryNamed } from "../facts/command-words.ts";
import { fileTree } from "../facts/file-tree.ts";
import { programs, programsNotRead } from "../facts/programs.ts";
import { countOf } from "../lib/count-of.ts";
import { textOf, type ByteString } from "../lib/byte-string.ts";

/** What starts a program is still there and may be run: entry point, command, health check, and the interpreters of scripts. */
export const interpreters: Check = defineCheck({
  name: "interpreters",
  title: "entry point, command, health check and the interpreters of scripts exist and may be run",
  needs: "nothing",
  compare: (comparison) => {
    const scripts = scriptsByInterpreter(comparison);
    if (scripts === undefined) return notRun(programsNotRead);
    const { before, after, goneSettings } = comparison;
    const words = commandWords(before, goneSettings);
    const differences = [
      ...words.flatMap(([setting, word]) => lostSince(before, after, word).map((why) => `${setting} names ${word}: ${why}`)),
      ...[...scripts].flatMap(([word, paths]) =>
        lostSince(before, after, word).map((why) => `${textOf(paths[0] ?? "")} and ${paths.length - 1} more: ${why}`),
      ),
    ];
    const looked = `${countOf(words.length, "word")} of commands, ${countOf(scripts.size, "interpreter")}`;
    return judged([...new Set(differences)], looked, "programs can't be started");
  },
});

/** Why a word that led to a file leads to none, or to one that can't be run. */
function lostSince(before: Facts, after: Facts, word: string): readonly string[] {
  const [old, now] = [entryNamed(before, word), entryNamed(after, word)];
  if (old < 0) return [];
  const path = `/${textOf(before.get(fileTree).path(old))}`;
  if (now < 0) return [`${path} is gone`];
  return canRun(before, old) && !canRun(after, now) ? [`${path} may not be run any more`] : [];
}

function canRun(facts: Facts, entry: number): boolean {
  const tree = facts.get(fileTree);
  const content = tree.contentOf(entry);
  const [owner, group, other] = [0o100, 0o010, 0o001].map((bit) => Math.floor(tree.mode(content) / bit) % 2 === 1);
  return tree.type(content) === "file" && (owner === true || group === true || other === true);
}

// Debian Policy 12.3: programs must not need files below /usr/share/doc. Examples there may call what was never installed for them.
const documents = /^usr\/(?:local\/)?share\/(?:doc|man|info)\//;
// node-gyp looks for Python by itself and gives it these, lib/find-python.js; npm brings them to images without Python. So they don't need one
// that was to go.
const ofNodeGyp = /(?:^|\/)node_modules\/node-gyp\/gyp\//;

/** Paths of the scripts that are in both images, by the program that their first line names. */
function scriptsByInterpreter({ before, after, expected }: Comparison): ReadonlyMap<string, readonly ByteString[]> | undefined {
  const read = before.get(programs);
  const [tree, now] = [before.get(fileTree), after.get(fileTree)];
  if (read === undefined) return undefined;
  const scripts = new Map<string, ByteString[]>();
  const isToGo = (word: string): boolean => {
    const program = entryNamed(before, word);
    return program >= 0 && expected(tree.path(program)).has("remove");
  };
  for (const entry of tree.all()) {
    const line = read.shebang(entry);
    const path = tree.path(entry);
    if (line === undefined || documents.test(path) || !canRun(before, entry) || now.find(path) < 0) continue;
    for (const word of interpretersIn(line))
      if (!ofNodeGyp.test(path) || !isToGo(word)) scripts.set(word, [...(scripts.get(word) ?? []), path]);
  }
  return scripts;
}

/** `/usr/bin/env -S python3 -u` names two programs. */
function interpretersIn(line: ByteString): readonly string[] {
  const words = textOf(line).split(/\s+/);
  const [first = ""] = words;
  if (!first.startsWith("/")) return [];
  const called = first.endsWith("/env") ? words.slice(1).find((word) => !word.startsWith("-") && !word.includes("=")) : undefined;
  return called === undefined ? [first] : [first, called];
}
