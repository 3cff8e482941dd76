import { defineCheck, judged, notRun, type Check } from "../contracts/check.ts";
import type { Facts } from "../contracts/fact.ts";
import { fileTree } from "../facts/file-tree.ts";
import { libraries } from "../facts/libraries.ts";
import { programs } from "../facts/programs.ts";
import { pythonModules as importable } from "../facts/python-modules.ts";
import { countOf } from "../lib/count-of.ts";
import { textOf, type ByteString } from "../lib/byte-string.ts";
import { isPlannedModule } from "./modules/is-planned-module.ts";

/** Every module that Python could import still has its file, unless it was to go, and those in C the libraries that they load. */
export const pythonModules: Check = defineCheck({
  name: "python-modules",
  title: "every Python module that could be imported still has its file, and its libraries",
  needs: "nothing",
  compare: (comparison) => {
    const { before, after } = comparison;
    const old = before.get(importable);
    if (old.files.size === 0) return notRun("there is no Python module");
    const now = after.get(importable);
    const gone = [...old.files].filter(([key, entries]) => !now.files.has(key) && !isPlannedModule(comparison, entries));
    const differences = [
      ...gone.map(([key]) => `${nameOf(key)}: gone`),
      ...[...now.names].flatMap(([entry, { name }]) =>
        librariesLost(before, after, entry).map((library) => `${name}: ${textOf(library)} is gone`),
      ),
    ];
    return judged(
      differences,
      `${countOf(old.files.size, "module")} in ${countOf(old.roots.length, "folder")}`,
      "modules can't be imported",
    );
  },
});

function nameOf(key: string): string {
  const colon = key.lastIndexOf(":");
  return `${key.slice(colon + 1)} (${textOf(key.slice(0, colon))})`;
}

/** Libraries that a module in C needs, that were found and are no more. */
function librariesLost(before: Facts, after: Facts, entry: number): readonly ByteString[] {
  const [had, has] = [before.get(libraries), after.get(libraries)];
  const needs = after.get(programs)?.elf(entry)?.needed ?? [];
  const was = before.get(fileTree).find(after.get(fileTree).path(entry));
  if (had === undefined || has === undefined || was < 0) return [];
  return needs.filter((name) => had.find(was, name) >= 0 && has.find(entry, name) < 0);
}
