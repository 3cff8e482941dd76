import type { Facts } from "../contracts/fact.ts";
import type { EntryClaim, RuleFinding } from "../contracts/rule.ts";
import type { ByteString } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";
import { developmentNeeds } from "./development-needs.ts";
import { fileTree } from "./file-tree.ts";
import { largestPlaces } from "./largest-places.ts";
import { removalClaims } from "./removal-claims.ts";

/** Files that only building needs, and how messages speak of them. */
export interface DevelopmentFiles {
  readonly entries: ReadonlySet<number>;
  /** One of them: `static library`; and many. */
  readonly noun: string;
  readonly plural: string;
  /** Under which path the message sums an entry up: itself, or a folder. */
  readonly place: (path: ByteString) => ByteString;
  readonly remedy: string;
}

/** Two findings at most: what nothing is known to need, and what installed programs may compile with when they run. */
export function developmentFindings(
  facts: Facts,
  { entries, noun, plural, place, remedy }: DevelopmentFiles,
): readonly RuleFinding[] {
  const tree = facts.get(fileTree);
  const needs = facts.get(developmentNeeds);
  const claims = removalClaims(tree, entries);
  const needed = claims.filter(({ entry }) => needs.isNeeded(entry));
  const idle = claims.filter(({ entry }) => !needs.isNeeded(entry));
  const describe = (part: readonly EntryClaim[]): string =>
    `${countOf(part.length, noun, plural)} in ${largestPlaces(tree, part, place)}`;
  const findings: RuleFinding[] = [];
  if (idle.length > 0) findings.push({ message: describe(idle), safety: "verified", remedy, claims: idle });
  if (needed.length > 0) {
    const message = `${describe(needed)}, needed where ${someOf(needs.reasons)}`;
    findings.push({ message, safety: "opt-in", remedy: `only if the program does none of this: ${remedy}`, claims: needed });
  }
  return findings;
}
