import { defineCheck, notRun, whenObserved, type Check } from "../contracts/check.ts";
import type { ObservedImage } from "../model/observation.ts";
import { compareAnswers } from "./answers/compare-answers.ts";

/** Commands end with the exit code and the output that they have in the original. */
export const command: Check = defineCheck({
  name: "command",
  title: "commands end with the same exit code and output",
  needs: "runtime",
  compare: (comparison) =>
    whenObserved(comparison, ({ service, before, after }) => {
      const probes = service.probes.filter((probe) => probe.http === undefined);
      if (probes.length === 0) return notRun("no probe given");
      const answersOf = ({ lives, apart }: ObservedImage): ObservedImage["apart"] => [
        ...lives.flatMap(({ answers }) => answers),
        ...apart,
      ];
      return probes.map((probe) => compareAnswers(probe, answersOf(before), answersOf(after), "exit code"));
    }),
});
