import type { Facts } from "../contracts/fact.ts";
import type { Rule, RuleFinding, Verdict } from "../contracts/rule.ts";
import type { Outcome } from "../model/report.ts";
import { resolveFindings } from "./resolve-claims.ts";

/** What the rules said of an image. */
export interface Evaluation {
  readonly outcomes: readonly Outcome[];
  /** What all rules found, for totals over all of them. */
  readonly findings: readonly RuleFinding[];
}

/** Runs rules. One that throws has crashed and says so in its outcome; the others stand. */
export function evaluateRules(facts: Facts, rules: readonly Rule[]): Evaluation {
  const results = rules.map((rule) => ({ rule, verdict: attempt(rule, facts) }));
  const findings = results.flatMap(({ verdict }) => (isFindings(verdict) ? verdict : []));
  const resolved = resolveFindings(facts, findings);
  let next = 0;
  const outcomes = results.map(({ rule, verdict }): Outcome => {
    if (!isFindings(verdict)) return { rule: rule.name, ...verdict, findings: [] };
    const own = resolved.slice(next, (next += verdict.length));
    return { rule: rule.name, status: own.length === 0 ? "passed" : "found", findings: own };
  });
  return { outcomes, findings };
}

interface WithoutFindings {
  readonly status: "not-applicable" | "crashed";
  readonly reason: string;
}

function attempt(rule: Rule, facts: Facts): readonly RuleFinding[] | WithoutFindings {
  try {
    const verdict: Verdict = rule.evaluate(facts);
    return "notApplicable" in verdict ? { status: "not-applicable", reason: verdict.notApplicable } : verdict;
  } catch (error) {
    return { status: "crashed", reason: error instanceof Error ? error.message : String(error) };
  }
}

function isFindings(verdict: readonly RuleFinding[] | WithoutFindings): verdict is readonly RuleFinding[] {
  return Array.isArray(verdict);
}
