import type { CheckResult } from "../../contracts/check.ts";
import { countOf } from "../../lib/count-of.ts";
import { someOf } from "../../lib/some-of.ts";
import type { Probe } from "../../model/config.ts";
import type { Answer } from "../../model/observation.ts";
import { compareBodies, kindOf } from "./compare-bodies.ts";
import { compareJson } from "./compare-json.ts";

const mostDetails = 20;

/**
 * All answers of the candidate to one probe against the original's first. What the original's own answers differ in is no difference: JSON
 * values that vary are left out and named, and a status or a body that varies can't be compared.
 */
export function compareAnswers(
  probe: Probe,
  before: readonly Answer[],
  after: readonly Answer[],
  codeName: "status" | "exit code",
): CheckResult {
  const [first, ...again] = before.filter((answer) => answer.probe === probe.name);
  const answers = after.filter((answer) => answer.probe === probe.name);
  const subject = probe.name;
  if (first === undefined) return { subject, verdict: "not-run", reason: "the original was not ready to be asked" };
  if (first.failure !== undefined)
    return { subject, verdict: "not-run", reason: `the original does not answer: ${first.failure}` };
  if (answers.length === 0) return { subject, verdict: "different", reason: "the candidate was not ready to be asked" };
  const varying = varyingPaths(first, again, probe);
  const lenient = { ...probe, compare: { ...probe.compare, ignore: [...probe.compare.ignore, ...varying] } };
  const unsteady = again.flatMap((answer) => differencesOf(lenient, first, answer, codeName));
  if (unsteady.length > 0) {
    const reason = `the original's own answers differ: ${unsteady[0] ?? ""}`;
    return { subject, verdict: "not-run", reason: `${reason}; say with compare what counts` };
  }
  const differences = [...new Set(answers.flatMap((answer) => differencesOf(lenient, first, answer, codeName)))];
  if (differences.length > 0) {
    const reason = `${countOf(differences.length, "difference")} of the answer`;
    return { subject, verdict: "different", reason, details: differences.slice(0, mostDetails) };
  }
  const without = varying.length === 0 ? "" : `, without ${someOf(varying)}, which vary in the original`;
  return { subject, verdict: "same", reason: `${codeName} ${first.code}, ${countOf(first.body.length, "byte")}${without}` };
}

function differencesOf({ compare }: Probe, old: Answer, now: Answer, codeName: string): readonly string[] {
  if (now.failure !== undefined) return [`no answer: ${now.failure}`];
  const code = old.code === now.code ? [] : [`${codeName}: was ${old.code}, is ${now.code}`];
  const headers = compare.headers.flatMap((name) => {
    const [was, is] = [old.headers[name.toLowerCase()], now.headers[name.toLowerCase()]];
    return was === is ? [] : [`header ${name}: was ${was ?? "not there"}, is ${is ?? "not there"}`];
  });
  return [...code, ...headers, ...compareBodies(compare, old, now)];
}

/** Paths of JSON values that are not the same in all answers of the original. */
function varyingPaths(first: Answer, again: readonly Answer[], { compare }: Probe): readonly string[] {
  if (kindOf(compare, first) !== "json") return [];
  const paths = again.flatMap((answer) => compareJson(first.body, answer.body, compare)?.map(({ path }) => path) ?? []);
  // A whole answer that varies is no answer.
  return [...new Set(paths)].filter((path) => path !== "$");
}
