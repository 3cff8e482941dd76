import type { Basis, Safety } from "../model/report.ts";
import type { Facts } from "./fact.ts";

/**
 * One stored entry, or some byte ranges of its content, that a finding says are dead weight. `entry` is a number of
 * `FileTree` (facts/file-tree.ts). Rules name entries; the pipeline turns them into bytes, so that no rule can count a byte twice.
 */
export interface EntryClaim {
  readonly entry: number;
  /** Byte ranges of the content; the whole entry with its headers and padding when absent. */
  readonly ranges?: readonly (readonly [start: number, end: number])[];
  readonly basis?: Basis;
}

/** What a rule says of an image. Claims of the same finding never name an entry twice. */
export interface RuleFinding {
  /** What is there, in one line, without the bytes: they are added. */
  readonly message: string;
  readonly safety: Safety;
  /** What frees the bytes: an option of `optimize`, or an edit of the Dockerfile. */
  readonly remedy?: string;
  readonly claims: readonly EntryClaim[];
}

/** The findings; none means that the rule passed. Or why it says nothing of this image. */
export type Verdict = readonly RuleFinding[] | { readonly notApplicable: string };

/** One problem that images have. The texts become its page in docs/rules and the answer of `explain`. */
export interface Rule {
  /** A noun in kebab-case, the name of the file: `pip-cache`. */
  readonly name: string;
  /** One line. */
  readonly title: string;
  /** What it means and why it is dead weight. */
  readonly meaning: string;
  /** How it finds and measures it. */
  readonly measure: string;
  /** What it costs to be wrong, and what it leaves alone for that. */
  readonly risk: string;
  readonly evaluate: (facts: Facts) => Verdict;
}

/** Declares a rule; the identity function, for its type. */
export function defineRule(rule: Rule): Rule {
  return rule;
}
