import { defineCheck, whenObserved, type Check } from "../contracts/check.ts";
import { printBytes } from "../lib/byte-size.ts";
import { memoryGrowth } from "../model/measured-growth.ts";
import { measuredResult } from "./measured/measured-result.ts";

/** The processes of the container hold no more memory than they did, at the peak that was seen. */
export const memory: Check = defineCheck({
  name: "memory",
  title: "its processes hold no more memory than they did",
  needs: "runtime",
  observes: "rounds",
  compare: (comparison) =>
    whenObserved(comparison, ({ service: { measure, budgets }, before, after, unmeasured }) => {
      const measured = memoryGrowth(before.rounds, after.rounds, measure);
      const budget = budgets.memory === undefined ? {} : { budget: budgets.memory };
      return [
        measuredResult(measured, { unmeasured, print: (bytes) => printBytes(Math.round(bytes)), unit: "bytes", ...budget }),
      ];
    }),
});
