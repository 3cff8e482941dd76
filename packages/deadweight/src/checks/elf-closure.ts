import { defineCheck, judged, notRun, type Check, type Comparison } from "../contracts/check.ts";
import type { Facts } from "../contracts/fact.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { libraries, type Libraries } from "../facts/libraries.ts";
import { programs, programsNotRead, type Programs } from "../facts/programs.ts";
import { countOf } from "../lib/count-of.ts";
import { textOf, type ByteString } from "../lib/byte-string.ts";
import type { ElfNeeds } from "../model/layer-programs.ts";

/** Every library that a program or library found is still found, and has the versions and symbols that it takes from it. */
export const elfClosure: Check = defineCheck({
  name: "elf-closure",
  title: "every shared library that was found still is, with the versions and symbols that are asked of it",
  needs: "nothing",
  compare: (comparison) => {
    const [old, now] = [sideOf(comparison.before), sideOf(comparison.after)];
    if (old === undefined || now === undefined) return notRun(programsNotRead);
    const { differences, files } = filesDiffer(comparison, old, now);
    if (files === 0) return notRun("there is no dynamically linked file");
    return judged(differences, `${countOf(files, "file")} with what they load`, "libraries are not what files ask for");
  },
});

interface Side {
  readonly tree: FileTree;
  readonly read: Programs;
  readonly found: Libraries;
}

function sideOf(facts: Facts): Side | undefined {
  const [read, found] = [facts.get(programs), facts.get(libraries)];
  return read === undefined || found === undefined ? undefined : { tree: facts.get(fileTree), read, found };
}

function filesDiffer(
  { expected }: Comparison,
  old: Side,
  now: Side,
): { readonly differences: readonly string[]; readonly files: number } {
  const differences: string[] = [];
  let files = 0;
  for (const entry of old.tree.all()) {
    const before = old.read.elf(entry);
    const path = old.tree.path(entry);
    const there = before === undefined ? -1 : now.tree.find(path);
    const after = there < 0 ? undefined : now.read.elf(there);
    if (before === undefined || after === undefined || expected(path).has("anything")) continue;
    files++;
    const wrong = [
      ...interpreterGone(old, now, entry, there),
      ...after.needed.flatMap((name) =>
        libraryDiffers(name, { side: old, entry, needs: before }, { side: now, entry: there, needs: after }),
      ),
      ...openedGone(old, now, entry, there),
    ];
    for (const line of wrong) differences.push(`${textOf(path)}: ${line}`);
  }
  return { differences, files };
}

function interpreterGone(old: Side, now: Side, entry: number, there: number): readonly string[] {
  const [before, after] = [old.found.interpreter(entry), now.found.interpreter(there)];
  const isGone = before !== undefined && before >= 0 && after !== undefined && after < 0;
  return isGone ? [`its loader /${textOf(old.tree.path(before))} is gone`] : [];
}

interface Asking {
  readonly side: Side;
  readonly entry: number;
  readonly needs: ElfNeeds;
}

/** A name that was not found before may be that of a library which is loaded already, or of the driver: that is not judged. */
function libraryDiffers(name: ByteString, old: Asking, now: Asking): readonly string[] {
  const before = old.side.found.find(old.entry, name);
  const after = now.side.found.find(now.entry, name);
  if (after < 0)
    return before < 0 && old.needs.needed.includes(name) ? [] : [`needs ${textOf(name)}, which is not found any more`];
  if (before < 0) return [];
  const { tree } = old.side;
  if (tree.hash(tree.contentOf(before)) === now.side.tree.hash(now.side.tree.contentOf(after))) return [];
  const [had, has] = [old.side.read.elf(before), now.side.read.elf(after)];
  if (had === undefined || has === undefined || !had.isWhole || !has.isWhole) return [];
  return [...versionsMissing(name, now.needs, had, has), ...symbolsMissing(name, old.needs, had, has)];
}

function versionsMissing(name: ByteString, needs: ElfNeeds, had: ElfNeeds, has: ElfNeeds): readonly string[] {
  const asked = needs.versionsNeeded.filter(([library]) => library === name).flatMap(([, versions]) => versions);
  const missing = asked.filter((version) => had.versions.includes(version) && !has.versions.includes(version));
  return missing.map((version) => `needs version ${textOf(version)} of ${textOf(name)}, which it has no more`);
}

function symbolsMissing(name: ByteString, needs: ElfNeeds, had: ElfNeeds, has: ElfNeeds): readonly string[] {
  if (had.defined.length === has.defined.length && had.defined.every((hash, place) => has.defined[place] === hash)) return [];
  const [before, after] = [new Set(had.defined), new Set(has.defined)];
  const missing = needs.undefined.filter((hash) => before.has(hash) && !after.has(hash)).length;
  return missing === 0 ? [] : [`takes ${countOf(missing, "symbol")} from ${textOf(name)} that it has no more`];
}

/** Names among the constants of a program, as dlopen(3) is given them. */
function openedGone(old: Side, now: Side, entry: number, there: number): readonly string[] {
  return old.read
    .mentions(entry)
    .filter((name) => !name.startsWith("/") && old.found.find(entry, name) >= 0 && now.found.find(there, name) < 0)
    .map((name) => `has the name of ${textOf(name)} to open it, which is not found any more`);
}
