import type { Facts } from "../contracts/fact.ts";
import type { RuleFinding } from "../contracts/rule.ts";
import type { ByteString } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";
import { developmentNeeds } from "../facts/development-needs.ts";
import { fileTree } from "../facts/file-tree.ts";
import { largestPlaces } from "./largest-places.ts";
import { removalClaims } from "../facts/removal-claims.ts";

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

/** Findings for what nothing is known to need, and for what programs or packages may need, which is to be asked for by name. */
export function developmentFindings(
  facts: Facts,
  { entries, noun, plural, place, remedy }: DevelopmentFiles,
): readonly RuleFinding[] {
  const tree = facts.get(fileTree);
  const needs = facts.get(developmentNeeds);
  const parts = Map.groupBy(removalClaims(tree, entries), ({ entry }) => needs.of(entry));
  return [undefined, "programs" as const, "packages" as const].flatMap((need): RuleFinding[] => {
    const claims = parts.get(need) ?? [];
    if (claims.length === 0) return [];
    const message = `${countOf(claims.length, noun, plural)} in ${largestPlaces(tree, claims, place)}`;
    if (need === undefined) return [{ message, safety: "verified", remedy, claims }];
    const reason = needs.reason(need);
    return [
      {
        message: `${message}, ${reason}`,
        safety: "opt-in",
        remedy: `only if nothing of this is used: ${remedy}`,
        claims,
      },
    ];
  });
}
