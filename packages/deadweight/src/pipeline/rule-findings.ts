import type { Facts } from "../contracts/fact.ts";
import type { RuleFinding } from "../contracts/rule.ts";
import { rules } from "../rules/index.ts";

/** What rules say of an image, by the rule's name; nothing where it does not apply. Each is asked once, when somebody wants to know. */
export function ruleFindings(facts: Facts): (rule: string) => readonly RuleFinding[] {
  const known = new Map<string, readonly RuleFinding[]>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const rule = rules.find((candidate) => candidate.name === name);
    if (rule === undefined) throw new Error(`no rule is named ${name}`);
    const verdict = rule.evaluate(facts);
    const findings = "notApplicable" in verdict ? [] : verdict;
    known.set(name, findings);
    return findings;
  };
}
