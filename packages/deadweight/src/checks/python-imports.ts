import { defineCheck, judged, notRun, whenObserved, type Check } from "../contracts/check.ts";
import { countOf } from "../lib/count-of.ts";

/** Every installed top-level module that the original's Python imports, the candidate's imports as well. */
export const pythonImports: Check = defineCheck({
  name: "python-imports",
  title: "every installed Python module that could be imported still can, by importing it",
  needs: "runtime",
  observes: "imports",
  compare: (comparison) =>
    whenObserved(comparison, ({ before: { imports: old }, after: { imports: now } }) => {
      if (typeof old === "string") return notRun(old);
      if (typeof now === "string") return [{ verdict: "different", reason: "nothing can be imported", details: [now] }];
      const imported = [...old].filter(([, error]) => error === undefined).map(([name]) => name);
      const lost = imported.filter((name) => !now.has(name) || now.get(name) !== undefined);
      const details = lost.map((name) => `${name}: ${now.get(name) ?? "is not installed any more"}`);
      return judged(details, countOf(imported.length, "module"), "modules can't be imported any more");
    }),
});
