import { defineCheck, notRun, whenObserved, type Check } from "../contracts/check.ts";
import { printBytes } from "../lib/byte-size.ts";
import { gpuMemoryGrowth } from "../model/measured-growth.ts";
import { measuredResult } from "./measured/measured-result.ts";

/** The processes of the container hold no more memory of GPUs than they did, at the peak that was seen. */
export const gpuMemory: Check = defineCheck({
  name: "gpu-memory",
  title: "its processes hold no more memory of GPUs than they did",
  needs: "runtime",
  observes: "rounds",
  uses: "gpu",
  compare: (comparison) =>
    whenObserved(comparison, ({ service: { gpus, measure, budgets }, before, after, unmeasured }) => {
      if (gpus === undefined) return notRun("its containers get no GPU: gpus of the service in deadweight.yaml asks for some");
      const rounds = [...before.rounds, ...after.rounds];
      const why = rounds.map(({ gpuMemory: seen }) => seen).find((seen) => typeof seen === "string");
      if (typeof why === "string") return notRun(why);
      // A program that uses none of it has grown by nothing.
      if (rounds.length > 0 && rounds.every(({ gpuMemory: seen }) => seen === 0)) return notRun("neither was seen to use a GPU");
      const measured = gpuMemoryGrowth(before.rounds, after.rounds, measure);
      const budget = budgets.gpuMemory === undefined ? {} : { budget: budgets.gpuMemory };
      return [
        measuredResult(measured, { unmeasured, print: (bytes) => printBytes(Math.round(bytes)), unit: "bytes", ...budget }),
      ];
    }),
});
