import { defineCheck, notRun, whenObserved, type Check } from "../contracts/check.ts";
import { compareAnswers } from "./answers/compare-answers.ts";

/** What the original answered to HTTP requests, the candidate answers as well. */
export const http: Check = defineCheck({
  name: "http",
  title: "HTTP requests are answered as the original does: status, headers that are named, body",
  needs: "runtime",
  compare: (comparison) =>
    whenObserved(comparison, ({ service, before, after }) => {
      const probes = service.probes.filter((probe) => probe.http !== undefined);
      if (probes.length === 0) return notRun("no probe given");
      const [old, now] = [before, after].map(({ lives }) => lives.flatMap(({ answers }) => answers));
      return probes.map((probe) => compareAnswers(probe, old ?? [], now ?? [], "status"));
    }),
});
