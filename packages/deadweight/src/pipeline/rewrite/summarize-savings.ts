import { packageChangeClaims } from "../../claims/package-change-claims.ts";
import type { EntryClaim } from "../../contracts/rule.ts";
import type { Facts } from "../../contracts/fact.ts";
import type { ProposedSaving } from "../../contracts/edit.ts";
import { fileTree } from "../../facts/file-tree.ts";
import { textOf } from "../../lib/byte-string.ts";
import type { DockerfileRewrite, RewriteSaving } from "../../model/dockerfile-rewrite.ts";
import { bytesOfClaim } from "../resolve-claims.ts";
import { reclaimable } from "../reclaimable.ts";

/** What one proposal saves by itself. Claims without the image that they are of are a bug of the edit. */
export function savingOf(saving: ProposedSaving, facts: Facts | undefined): RewriteSaving {
  if (!("claims" in saving)) {
    const { bytes, compressedBytes, source } = saving;
    return { bytes, ...(compressedBytes !== undefined && { compressedBytes }), basis: "estimated", source };
  }
  if (facts === undefined) return { bytes: 0, compressedBytes: 0, basis: "measured" };
  const tree = facts.get(fileTree);
  const worth = saving.claims.map((claim) => bytesOfClaim(tree, claim));
  return {
    bytes: worth.reduce((total, { bytes }) => total + bytes, 0),
    compressedBytes: worth.reduce((total, { compressedBytes }) => total + compressedBytes, 0),
    basis: "measured",
  };
}

/** The claims of all together: those of each, and those of packages that go only when several are made. */
function claimsOf(savings: readonly ProposedSaving[], facts: Facts | undefined): readonly EntryClaim[] {
  const measured = savings.flatMap((saving) => ("claims" in saving ? [saving] : []));
  const changes = measured.flatMap(({ packages }) => packages ?? []);
  return [...measured.flatMap(({ claims }) => claims), ...(facts === undefined ? [] : packageChangeClaims(facts, changes))];
}

/** What all save together: claimed bytes once, however many claim them, and the sum of the estimates. */
export function totalsOf(
  savings: readonly ProposedSaving[],
  facts: Facts | undefined,
): Pick<DockerfileRewrite, "measured" | "estimated"> {
  const claims = claimsOf(savings, facts);
  const rows = facts ? reclaimable(facts.get(fileTree), [{ message: "", safety: "lossless", claims }]) : [];
  return {
    measured: {
      bytes: rows.reduce((total, { bytes }) => total + bytes, 0),
      compressedBytes: rows.reduce((total, { compressedBytes }) => total + compressedBytes, 0),
    },
    estimated: { bytes: savings.reduce((total, saving) => total + ("claims" in saving ? 0 : saving.bytes), 0) },
  };
}

/** Paths all of whose entries the savings claim: nothing is left there. Texts, in the order of the claims. */
export function removedPaths(savings: readonly ProposedSaving[], facts: Facts | undefined): readonly string[] {
  if (facts === undefined) return [];
  const tree = facts.get(fileTree);
  const whole = claimsOf(savings, facts).filter(({ ranges }) => ranges === undefined);
  const claimed = new Set(whole.map(({ entry }) => entry));
  const isWhole = (entry: number): boolean =>
    tree.stored(tree.nodeOf(entry)).every((other) => claimed.has(other) || tree.fate(other) === "marker");
  // With a package's own folder goes what its scripts have put there.
  const below = (entry: number): readonly number[] =>
    tree.type(entry) === "directory" ? [...tree.within(tree.nodeOf(entry))] : [entry];
  const gone = new Set([...claimed].filter(isWhole).flatMap(below));
  return [...gone].map((entry) => textOf(tree.path(entry)));
}
