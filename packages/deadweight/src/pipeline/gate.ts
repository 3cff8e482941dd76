import { parseBytes, printBytes } from "../lib/byte-size.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { UserError } from "../lib/user-error.ts";
import { componentKinds, safeties, type ComponentKind, type Report, type Safety } from "../model/report.ts";

/** What a budget can be set for: three sums over the image, and the uncompressed bytes of one kind of component. */
export type BudgetSubject = "compressed" | "uncompressed" | "reclaimable" | ComponentKind;

/** An image may have at most so many bytes of something, or of what a rule finds. */
export type Budget =
  | { readonly subject: BudgetSubject; readonly bytes: number }
  | { readonly rule: string; readonly bytes: number };

/** What must not be found: a rule's findings, or all findings that are as safe to act on as this, or safer. */
export type Threshold = { readonly rule: string } | { readonly safety: Safety };

/** What an image has to pass. */
export interface Gates {
  readonly budgets: readonly Budget[];
  readonly thresholds: readonly Threshold[];
}

/** The part of a report that gates are held against. */
export type GatedReport = Pick<Report, "totals" | "components" | "outcomes">;

const sums = ["compressed", "uncompressed", "reclaimable"] as const;
const subjects: readonly BudgetSubject[] = [...sums, ...componentKinds];

/** A budget from `compressed=2GB`, or from `pip-cache=0` for one of these rules. Throws UserError, exit 2. */
export function parseBudget(text: string, rules: readonly string[] = []): Budget {
  const [name = "", size, ...rest] = text.split("=");
  const subject = subjects.find((known) => known === name);
  if (subject === undefined && !rules.includes(name)) {
    const hint = didYouMean(name, [...subjects, ...rules]);
    throw usage(`budget ${text}: there is none for ${name || "nothing"}`, hint);
  }
  const bytes = size === undefined || rest.length > 0 ? undefined : parseBytes(size);
  if (bytes === undefined)
    throw usage(`budget ${text}: no size after ${name}=`, `write for instance ${name}=2GB or ${name}=500MiB`);
  return subject === undefined ? { rule: name, bytes } : { subject, bytes };
}

/** A threshold from the name of a rule or of a safety. Throws UserError, exit 2. */
export function parseThreshold(text: string, rules: readonly string[]): Threshold {
  const safety = safeties.find((known) => known === text);
  if (safety !== undefined) return { safety };
  if (rules.includes(text)) return { rule: text };
  throw usage(`threshold ${text}: neither a rule nor a safety`, didYouMean(text, [...safeties, ...rules]));
}

/** One line for each gate that the image fails, with the numbers; none when it passes. A rule that could not look fails its gate. */
export function failedGates(report: GatedReport, { budgets, thresholds }: Gates): readonly string[] {
  const failed = [
    ...budgets.map((budget) => overBudget(report, budget)),
    ...thresholds.flatMap((threshold) =>
      "rule" in threshold ? ruleFound(report, threshold.rule) : safetyFound(report, threshold.safety),
    ),
  ];
  return failed.filter((line) => line !== undefined);
}

function overBudget(report: GatedReport, budget: Budget): string | undefined {
  const { bytes } = budget;
  const name = "rule" in budget ? budget.rule : budget.subject;
  const actual = "rule" in budget ? foundBy(report, budget.rule) : measured(report, budget.subject);
  if (typeof actual === "string") return `budget ${name}: ${actual}`;
  if (actual <= bytes) return undefined;
  return `budget ${name}: ${printBytes(actual)} is ${printBytes(actual - bytes)} over ${printBytes(bytes)}`;
}

/** Bytes of what a rule found, or why that is not known. */
function foundBy({ outcomes }: GatedReport, rule: string): number | string {
  const outcome = outcomes.find((one) => one.rule === rule);
  if (outcome === undefined) return "the rule was not run";
  if (outcome.status === "crashed") return "the rule crashed";
  return outcome.findings.reduce((sum, finding) => sum + finding.bytes, 0);
}

function measured({ totals, components }: GatedReport, subject: BudgetSubject): number {
  if (subject === "compressed") return totals.compressedBytes;
  if (subject === "uncompressed") return totals.tarBytes;
  if (subject === "reclaimable") return totals.reclaimableBytes;
  return components.reduce((sum, { kind, tarBytes }) => sum + (kind === subject ? tarBytes : 0), 0);
}

function ruleFound({ outcomes }: GatedReport, rule: string): string[] {
  const outcome = outcomes.find((one) => one.rule === rule);
  if (outcome === undefined) return [`rule ${rule}: it was not run`];
  if (outcome.status === "crashed") return [`rule ${rule}: it crashed`];
  return outcome.findings.map((finding) => `rule ${rule}: ${printBytes(finding.bytes)}, ${finding.message}`);
}

/** A finding that is safer to act on than the threshold is the more a reason to fail. */
function safetyFound({ outcomes }: GatedReport, safety: Safety): string[] {
  const least = safeties.indexOf(safety);
  return outcomes.flatMap(({ rule, status, findings }) => {
    if (status === "crashed") return [`safety ${safety}: rule ${rule} crashed`];
    const found = findings.filter((finding) => safeties.indexOf(finding.safety) <= least);
    return found.map((finding) => `safety ${finding.safety}: ${printBytes(finding.bytes)} by ${rule}, ${finding.message}`);
  });
}

function usage(message: string, hint: string): UserError {
  return new UserError("usage", message, { hint, exitCode: 2 });
}
