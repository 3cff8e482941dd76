import type { Check, CheckResult, Comparison } from "../../src/contracts/check.ts";
import { createFacts, type Facts } from "../../src/contracts/fact.ts";
import { parseImageConfig } from "../../src/image/image-config.ts";
import { expectedChanges } from "../../src/pipeline/expected-changes.ts";
import type { PlannedChanges } from "../../src/pipeline/load-changes.ts";
import { factsOf, type TestEntry } from "./layers.ts";

/** Settings of a config as the specification names them: `Env`, `Entrypoint`, … */
export type Settings = Readonly<Record<string, unknown>>;

/** Facts of an image of these entries, its programs looked into. */
export function imageOf(entries: readonly TestEntry[], settings: Settings = {}): Facts {
  const root = { os: "linux", architecture: "amd64", config: settings, rootfs: { type: "layers", diff_ids: [] } };
  const configBytes = Buffer.from(JSON.stringify(root));
  const facts = factsOf([entries], { programs: true });
  const config = { ...parseImageConfig(configBytes), diffIds: facts.image.config.diffIds };
  return createFacts({ ...facts, image: { ...facts.image, config, configBytes } });
}

/** What was to become of paths, as the list of changes says. */
export type Changes = Readonly<Record<string, "remove" | "rewrite" | "link">>;

/** Two images laid side by side. */
export function comparisonOf(before: Facts, after: Facts, changes: Changes = {}, patterns: readonly string[] = []): Comparison {
  const actions: PlannedChanges["actions"] = new Map(Object.entries(changes).map(([path, action]) => [path, new Set([action])]));
  return { before, after, expected: expectedChanges([before, after], { source: undefined, actions }, { expect: patterns }) };
}

/** The one result of a check. */
export async function resultOf(check: Check, comparison: Comparison): Promise<CheckResult> {
  const [result, ...more] = await check.compare(comparison);
  if (result === undefined || more.length > 0) throw new Error(`${check.name} gave ${more.length + 1} results`);
  return result;
}

/** The verdict, and the differences where there are some, else the reason why it was not run. */
export async function saidOf(check: Check, comparison: Comparison): Promise<string | readonly string[]> {
  const { verdict, details, reason } = await resultOf(check, comparison);
  if (verdict === "different") return details ?? [];
  return verdict === "not-run" ? `not-run: ${reason ?? ""}` : verdict;
}
