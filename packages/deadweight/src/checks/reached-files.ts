import { defineCheck, judged, notRun, type Check, type Comparison } from "../contracts/check.ts";
import { commandWords } from "../facts/command-words.ts";
import { fileTree } from "../facts/file-tree.ts";
import { programsNotRead } from "../facts/programs.ts";
import { pythonModules, type PythonModules } from "../facts/python-modules.ts";
import { reachedFiles as reachable, reachedFrom } from "../facts/reached-files.ts";
import { countOf } from "../lib/count-of.ts";
import { textOf, type ByteString } from "../lib/byte-string.ts";

/** Every file that the commands of the image lead to is still there, whatever a list of changes says. */
export const reachedFiles: Check = defineCheck({
  name: "reached-files",
  title: "every file that the commands lead to is there: libraries, called programs, imported modules, settings",
  needs: "nothing",
  compare: (comparison) => {
    const { before, after, expected, goneSettings = new Set() } = comparison;
    const modules = stayingModules(comparison);
    const isAll = !goneSettings.has("Entrypoint") && modules === before.get(pythonModules);
    const reached = isAll ? before.get(reachable) : reachedFrom(before, commandWords(before, goneSettings), modules);
    if (reached === undefined) return notRun(programsNotRead);
    if (reached.size === 0) return notRun("the commands of the image name no file that is there");
    const [tree, now] = [before.get(fileTree), after.get(fileTree)];
    const differences = [...reached]
      .filter(([path]) => now.resolve(path) < 0 && !expected(path).has("anything"))
      .map(([path, by]) => `/${textOf(path)}: gone, and ${by < 0 ? "the command" : `/${textOf(tree.path(by))}`} names it`);
    return judged(differences, countOf(reached.size, "file"), "files that the commands lead to are gone");
  },
});

/** The modules of the original but those of a Python that was to go: what has them beside is another one, which imports its own. */
function stayingModules({ before, expected }: Comparison): PythonModules {
  const [tree, modules] = [before.get(fileTree), before.get(pythonModules)];
  const roots = modules.roots.filter((root) => {
    const [, prefix] = /^(.*?\/)?lib(?:64)?\/python3/.exec(root) ?? [];
    const programs = prefix === undefined ? [] : [...tree.glob(`${prefix}bin/python3*`)].map((node) => tree.paths.path(node));
    return programs.length === 0 || !programs.every((path) => expected(path).has("remove"));
  });
  if (roots.length === modules.roots.length) return modules;
  const isStaying = (root: ByteString): boolean => roots.includes(root);
  return {
    roots,
    files: new Map([...modules.files].filter(([key]) => isStaying(key.slice(0, key.lastIndexOf(":"))))),
    names: new Map([...modules.names].filter(([, { root }]) => isStaying(root))),
  };
}
