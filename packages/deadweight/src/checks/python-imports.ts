import { defineCheck, judged, notRun, whenObserved, type Check, type Comparison } from "../contracts/check.ts";
import { entryNamed } from "../facts/command-words.ts";
import { fileTree } from "../facts/file-tree.ts";
import { pythonModules } from "../facts/python-modules.ts";
import { countOf } from "../lib/count-of.ts";
import { isPlannedModule } from "./modules/is-planned-module.ts";

/** Every installed top-level module that the original's Python imports, the candidate's imports as well, unless its own file was to go. */
export const pythonImports: Check = defineCheck({
  name: "python-imports",
  title: "every installed Python module that could be imported still can, by importing it",
  needs: "runtime",
  observes: "imports",
  compare: (comparison) =>
    whenObserved(comparison, ({ before: { imports: old }, after: { imports: now } }) => {
      if (typeof old === "string") return notRun(old);
      if (typeof now === "string" && isPythonToGo(comparison)) return notRun("Python was to go");
      if (typeof now === "string") return [{ verdict: "different", reason: "nothing can be imported", details: [now] }];
      const imported = [...old].filter(([, error]) => error === undefined).map(([name]) => name);
      const lost = imported.filter((name) => !now.has(name) || now.get(name) !== undefined);
      const missed = lost.filter((name) => !isPlanned(comparison, name));
      const details = missed.map((name) => `${name}: ${now.get(name) ?? "is not installed any more"}`);
      const planned =
        lost.length === missed.length ? "" : `, ${countOf(lost.length - missed.length, "other")} removed as planned`;
      const looked = `${countOf(imported.length + missed.length - lost.length, "module")}${planned}`;
      return judged(details, looked, "modules can't be imported any more");
    }),
});

function isPlanned(comparison: Comparison, name: string): boolean {
  const { files, roots } = comparison.before.get(pythonModules);
  return roots.some((root) => isPlannedModule(comparison, files.get(`${root}:${name}`) ?? []));
}

/** Whether the programs that PATH leads to as Python were to go, all of them. */
function isPythonToGo({ before, after, expected }: Comparison): boolean {
  const found = ["python3", "python"].map((name) => entryNamed(before, name)).filter((entry) => entry >= 0);
  const isToGo = (entry: number): boolean => expected(before.get(fileTree).path(entry)).has("remove");
  return found.length > 0 && found.every(isToGo) && entryNamed(after, "python3") < 0 && entryNamed(after, "python") < 0;
}
