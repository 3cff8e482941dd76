import { defineCheck, notRun, whenObserved, type Check } from "../contracts/check.ts";

/** The service becomes ready: the configured request, else the image's HEALTHCHECK, else any answer at all. */
export const health: Check = defineCheck({
  name: "health",
  title: "the service becomes ready: by a request, its health check, or any answer",
  needs: "runtime",
  compare: (comparison) =>
    whenObserved(comparison, ({ before, after }) => {
      const [old, now] = [before.lives[0], after.lives[0]];
      if (old === undefined || now === undefined) return notRun("no container was run");
      const isFailed = old.failure !== undefined || old.unready !== undefined;
      if (isFailed) return notRun(`the original is never ready: ${old.failure ?? old.unready ?? ""}`);
      const wrong = now.failure ?? now.unready;
      if (wrong !== undefined) return [{ verdict: "different", reason: "it is never ready", details: [wrong] }];
      if (old.readyBy === "nothing") return notRun("no probe given, and the image has no HEALTHCHECK");
      return [{ verdict: "same", reason: `ready by ${old.readyBy}` }];
    }),
});
