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

/** What all save together: claimed bytes once, however many claim them, and the sum of the estimates. */
export function totalsOf(
  savings: readonly ProposedSaving[],
  facts: Facts | undefined,
): Pick<DockerfileRewrite, "measured" | "estimated"> {
  const claims = savings.flatMap((saving) => ("claims" in saving ? saving.claims : []));
  const rows = facts ? reclaimable(facts.get(fileTree), [{ message: "", safety: "lossless", claims }]) : [];
  return {
    measured: {
      bytes: rows.reduce((total, { bytes }) => total + bytes, 0),
      compressedBytes: rows.reduce((total, { compressedBytes }) => total + compressedBytes, 0),
    },
    estimated: { bytes: savings.reduce((total, saving) => total + ("claims" in saving ? 0 : saving.bytes), 0) },
  };
}

/** Paths all of whose entries a saving claims: nothing is left there. Texts, in the order of the claims. */
export function removedPaths(saving: ProposedSaving | undefined, facts: Facts | undefined): readonly string[] {
  if (saving === undefined || facts === undefined || !("claims" in saving)) return [];
  const tree = facts.get(fileTree);
  const claimed = new Set(saving.claims.filter(({ ranges }) => ranges === undefined).map(({ entry }) => entry));
  const isWhole = (entry: number): boolean =>
    tree.stored(tree.nodeOf(entry)).every((other) => claimed.has(other) || tree.fate(other) === "marker");
  // With a package's own folder goes what its scripts have put there.
  const below = (entry: number): readonly number[] =>
    tree.type(entry) === "directory" ? [...tree.within(tree.nodeOf(entry))] : [entry];
  const gone = new Set([...claimed].filter(isWhole).flatMap(below));
  return [...gone].map((entry) => textOf(tree.path(entry)));
}
