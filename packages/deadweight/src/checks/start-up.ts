import { defineCheck, whenObserved, type Check } from "../contracts/check.ts";
import { printDuration } from "../lib/duration.ts";
import { startUpGrowth } from "../model/measured-growth.ts";
import { measuredResult } from "./measured/measured-result.ts";

/** The time from the start of the container until it is ready is no longer than it was. */
export const startUp: Check = defineCheck({
  name: "start-up",
  title: "it is ready as soon as it was",
  needs: "runtime",
  observes: "rounds",
  compare: (comparison) =>
    whenObserved(comparison, ({ service: { measure, budgets }, before, after, unmeasured }) => {
      const measured = startUpGrowth(before.rounds, after.rounds, measure);
      const budget = budgets.startUp === undefined ? {} : { budget: budgets.startUp };
      return [measuredResult(measured, { unmeasured, print: printDuration, unit: "ms", ...budget })];
    }),
});
