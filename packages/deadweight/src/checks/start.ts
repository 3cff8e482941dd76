import { defineCheck, notRun, whenObserved, type Check } from "../contracts/check.ts";
import { printDuration } from "../lib/duration.ts";
import type { Service } from "../model/config.ts";
import type { Life, Observed } from "../model/observation.ts";

/** The container comes up and stays up; one that was to end does so with the same exit code. */
export const start: Check = defineCheck({
  name: "start",
  title: "the container comes up and stays up",
  needs: "runtime",
  compare: (comparison) =>
    whenObserved(comparison, ({ before, after, service }: Observed) => {
      const [old, now] = [before.lives[0], after.lives[0]];
      if (old === undefined || now === undefined) return notRun("no container was run");
      const [was, is] = [fateOf(old, service), fateOf(now, service)];
      const hasFailed = old.failure !== undefined || (old.ended !== undefined && old.ended.exitCode !== 0);
      if (hasFailed) return notRun(`the original does not start: ${was}${lastLine(old)}`);
      if (was === is) return [{ verdict: "same", reason: was }];
      return [{ verdict: "different", reason: is, before: was, after: is, details: [`${is}${lastLine(now)}`] }];
    }),
});

function fateOf({ failure, ended, readyBy }: Life, { staysUp }: Service): string {
  if (failure !== undefined) return failure;
  if (ended !== undefined) return ended.outOfMemory ? "ended for want of memory" : `ended with exit code ${ended.exitCode}`;
  return readyBy === "nothing" ? `still runs after ${printDuration(staysUp)}` : "runs";
}

/** What it said before it ended is most often why. */
function lastLine({ errors, output }: Life): string {
  const line = (errors.trim() || output.trim()).split("\n").at(-1);
  return line ? `: ${line.slice(0, 300)}` : "";
}
