import assert from "node:assert/strict";
import type { Facts } from "../../src/contracts/fact.ts";
import type { Rule, RuleFinding } from "../../src/contracts/rule.ts";
import { fileTree } from "../../src/facts/file-tree.ts";
import { textOf } from "../../src/lib/byte-string.ts";

/** The findings of a rule that applies to the image; fails when it does not. */
export function findingsOf(rule: Rule, facts: Facts): readonly RuleFinding[] {
  const verdict = rule.evaluate(facts);
  if ("notApplicable" in verdict) assert.fail(`not applicable: ${verdict.notApplicable}`);
  return verdict;
}

/** What a rule's findings claim, as sorted `layer:path`; fails when one of them names an entry twice. */
export function claimedBy(rule: Rule, facts: Facts): string[] {
  return findingsOf(rule, facts)
    .flatMap((finding) => claimedPaths(finding, facts))
    .sort();
}

/** What one finding claims, as sorted `layer:path`; fails when it names an entry twice. */
export function claimedPaths(finding: RuleFinding, facts: Facts): string[] {
  const tree = facts.get(fileTree);
  const entries = finding.claims.map(({ entry }) => entry);
  assert.equal(new Set(entries).size, entries.length, "an entry is claimed twice");
  return entries.map((entry) => `${tree.layerOf(entry)}:${textOf(tree.path(entry))}`).sort();
}

/** Bytes of file content that a rule's findings claim, each entry once. */
export function contentClaimedBy(rule: Rule, facts: Facts): number {
  const tree = facts.get(fileTree);
  const bytes = new Map<number, number>();
  for (const { entry, ranges } of findingsOf(rule, facts).flatMap(({ claims }) => claims)) {
    const content = tree.type(entry) === "file" ? tree.size(entry) : 0;
    bytes.set(entry, ranges === undefined ? content : ranges.reduce((sum, [start, end]) => sum + end - start, 0));
  }
  return [...bytes.values()].reduce((sum, next) => sum + next, 0);
}
