import { defineCheck, notRun, whenObserved, type Check } from "../contracts/check.ts";
import { printDuration } from "../lib/duration.ts";
import { latencyGrowth } from "../model/measured-growth.ts";
import { measuredResult } from "./measured/measured-result.ts";

/** Each HTTP probe is answered as quickly as it was. */
export const latency: Check = defineCheck({
  name: "latency",
  title: "each request is answered as quickly as it was",
  needs: "runtime",
  observes: "rounds",
  compare: (comparison) =>
    whenObserved(comparison, ({ service: { probes, measure, budgets }, before, after, unmeasured }) => {
      const asked = probes.filter(({ http }) => http !== undefined);
      if (asked.length === 0) return notRun("no probe given");
      const budget = budgets.latency === undefined ? {} : { budget: budgets.latency };
      return asked.map(({ name }) => {
        const measured = latencyGrowth(before.rounds, after.rounds, name, measure);
        return { subject: name, ...measuredResult(measured, { unmeasured, print: printDuration, unit: "ms", ...budget }) };
      });
    }),
});
