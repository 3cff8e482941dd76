import { defineCheck, notRun, whenObserved, type Check, type CheckResult } from "../contracts/check.ts";
import { printDuration } from "../lib/duration.ts";
import type { Life, Shutdown } from "../model/observation.ts";

/** A container that is told to stop ends, with the same exit code. */
export const shutdown: Check = defineCheck({
  name: "shutdown",
  title: "the container obeys its stop signal, and ends with the same exit code",
  needs: "runtime",
  compare: (comparison) =>
    whenObserved(comparison, ({ before, after }) => {
      const [old, now] = [before.lives[0], after.lives[0]];
      if (old?.shutdown === undefined) return notRun(`the original was not running any more${whyOf(old)}`);
      if (now?.shutdown === undefined) return notRun(`the candidate was not running any more${whyOf(now)}`);
      // An exit code that the original itself does not keep to is none to compare.
      const codes = new Set(before.lives.map((life) => life.shutdown?.exitCode));
      return [judge(old.shutdown, now.shutdown, codes)];
    }),
});

function judge(old: Shutdown, now: Shutdown, codes: ReadonlySet<number | undefined>): CheckResult {
  const [was, is] = [howEnded(old), howEnded(now)];
  if (old.timedOut && now.timedOut) return { verdict: "same", reason: `neither obeys ${old.signal}, both were killed` };
  const isSame = old.timedOut === now.timedOut && codes.has(now.exitCode);
  if (isSame) return { verdict: "same", reason: `${is} ${printDuration(now.durationMs)} after ${now.signal}` };
  return { verdict: "different", reason: `${now.signal}: ${is}`, before: was, after: is };
}

function howEnded({ timedOut, exitCode, durationMs }: Shutdown): string {
  return timedOut ? `ignored it for ${printDuration(durationMs)} and was killed` : `ended with exit code ${exitCode}`;
}

function whyOf(life: Life | undefined): string {
  if (life?.failure !== undefined) return `: ${life.failure}`;
  return life?.ended === undefined ? "" : `: ended with exit code ${life.ended.exitCode}`;
}
