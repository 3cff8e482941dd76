import { defineCheck, judged, notRun, whenObserved, type Check } from "../contracts/check.ts";
import { countOf } from "../lib/count-of.ts";
import type { Life } from "../model/observation.ts";

/** What a line that tells of something wrong has. */
const alarming =
  /\b(?:error|errno|exception|traceback|fatal|critical|panic|segfault|segmentation fault|core dumped|aborted|cannot|can't|could not|failed|failure|not found|no such file|permission denied|undefined symbol|unable to|missing)\b/i;

/** The candidate writes no line of an error that the original does not write. */
export const logs: Check = defineCheck({
  name: "logs",
  title: "no errors in the logs that the original's have not",
  needs: "runtime",
  compare: (comparison) =>
    whenObserved(comparison, ({ before, after }) => {
      if (before.lives.length === 0 || after.lives.length === 0) return notRun("no container was run");
      const known = new Set(before.lives.flatMap(linesOf).map(shapeOf));
      const lines = after.lives.flatMap(linesOf);
      const added = new Map(
        lines.filter((line) => alarming.test(line) && !known.has(shapeOf(line))).map((line) => [shapeOf(line), line]),
      );
      return judged(
        [...added.values()].map((line) => line.trim().slice(0, 300)),
        countOf(lines.length, "line"),
        "new errors",
      );
    }),
});

function linesOf({ output, errors }: Life): readonly string[] {
  return `${output}\n${errors}`.split("\n").filter((line) => line.trim() !== "");
}

/** Times, ids, addresses and numbers are not what a line says. */
function shapeOf(line: string): string {
  return line
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "#")
    .replace(/\b(?:0x)?(?=[a-f]*\d)[0-9a-f]{6,}\b/gi, "#")
    .replace(/\d+/g, "#")
    .replace(/\s+/g, " ")
    .trim();
}
