import type { EntryClaim, RuleFinding } from "../contracts/rule.ts";
import { compressedPart } from "../facts/compressed-part.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import type { Facts } from "../contracts/fact.ts";
import { textOf } from "../lib/byte-string.ts";
import type { Claim, Finding } from "../model/report.ts";

/** What a claim is worth: the whole entry with headers and padding, or the named parts of its content. */
export interface ClaimedBytes {
  readonly bytes: number;
  readonly compressedBytes: number;
}

/** The bytes of one claim. Of a part of a file the compressed bytes are its share of the file's, but for device code, which is measured. */
export function bytesOfClaim(tree: FileTree, claim: EntryClaim): ClaimedBytes {
  const bytes = tree.tarBytes(claim.entry);
  const compressedBytes = tree.compressedBytes(claim.entry);
  if (claim.ranges === undefined) return { bytes, compressedBytes };
  const part = claim.ranges.reduce((total, [start, end]) => total + (end - start), 0);
  return { bytes: part, compressedBytes: compressedPart(tree, claim.entry, claim.ranges) };
}

/**
 * Turns the entries that rules claim into claims with bytes. Where a finding claims all that a layer stores in a folder, the
 * folder stands for it, with the count of entries: the sums stay the same and the report stays readable.
 */
export function resolveFindings(facts: Facts, findings: readonly RuleFinding[]): readonly Finding[] {
  const tree = facts.get(fileTree);
  const stored = createStoredCounts(facts, tree);
  const claims = findings.map((): Claim[] => []);
  const byLayer = findings.map((finding) => Map.groupBy(finding.claims, (claim) => tree.layerOf(claim.entry)));
  for (const layer of facts.layers.keys()) {
    const isBase = facts.get(layerOrigins).layers[layer]?.base ?? false;
    for (const [index, groups] of byLayer.entries()) {
      const ofLayer = groups.get(layer);
      if (ofLayer !== undefined) claims[index]?.push(...claimsOfLayer(tree, ofLayer, layer, isBase, () => stored(layer)));
    }
  }
  return findings.map((finding, index) => summed(finding, claims[index] ?? []));
}

function summed(finding: RuleFinding, claims: readonly Claim[]): Finding {
  const { message, safety, remedy } = finding;
  return {
    message,
    safety,
    ...(remedy === undefined ? {} : { remedy }),
    bytes: claims.reduce((total, claim) => total + claim.bytes, 0),
    compressedBytes: claims.reduce((total, claim) => total + claim.compressedBytes, 0),
    claims: claims.toSorted((one, other) => other.bytes - one.bytes),
  };
}

/** By node, how many entries a layer stores there and below; one layer at a time is kept. */
function createStoredCounts(facts: Facts, tree: FileTree): (layer: number) => Uint32Array {
  let kept: { layer: number; counts: Uint32Array } | undefined;
  return (layer) => {
    if (kept?.layer === layer) return kept.counts;
    const counts = new Uint32Array(tree.paths.count);
    const first = facts.layers.slice(0, layer).reduce((total, index) => total + index.count, 0);
    for (let entry = first; entry < first + (facts.layers[layer]?.count ?? 0); entry++)
      countUpwards(tree, counts, tree.nodeOf(entry));
    kept = { layer, counts };
    return counts;
  };
}

function countUpwards(tree: FileTree, counts: Uint32Array, node: number): void {
  for (let at = node; at !== 0; at = tree.paths.parent(at)) counts[at] = (counts[at] ?? 0) + 1;
}

/** Few claims are told one by one. */
const foldFrom = 8;

function claimsOfLayer(
  tree: FileTree,
  entryClaims: readonly EntryClaim[],
  layer: number,
  base: boolean,
  stored: () => Uint32Array,
): readonly Claim[] {
  const whole = entryClaims.filter((claim) => claim.ranges === undefined);
  const single = (claim: EntryClaim): Claim => ({
    location: { layer, path: textOf(tree.path(claim.entry)) },
    ...bytesOfClaim(tree, claim),
    basis: claim.basis ?? (claim.ranges === undefined ? "measured" : "derived"),
    base,
  });
  if (whole.length < foldFrom) return entryClaims.map(single);
  const parts = entryClaims.filter((claim) => claim.ranges !== undefined).map(single);
  return [...parts, ...folded(tree, whole, stored(), single)];
}

function folded(
  tree: FileTree,
  whole: readonly EntryClaim[],
  stored: Uint32Array,
  single: (claim: EntryClaim) => Claim,
): readonly Claim[] {
  const claimed = new Map<number, number>();
  for (const { entry } of whole) {
    for (let at = tree.nodeOf(entry); at !== 0; at = tree.paths.parent(at)) claimed.set(at, (claimed.get(at) ?? 0) + 1);
  }
  const isFull = (node: number): boolean => node !== 0 && claimed.get(node) === stored[node];
  const byFolder = Map.groupBy(whole, ({ entry }) => {
    let top = tree.nodeOf(entry);
    while (isFull(tree.paths.parent(top))) top = tree.paths.parent(top);
    return top;
  });
  return [...byFolder].map(([folder, inside]) => {
    const [first] = inside;
    if (first === undefined) throw new Error("an empty group");
    if (inside.length === 1) return single(first);
    const claims = inside.map(single);
    return {
      ...single(first),
      location: { layer: tree.layerOf(first.entry), path: `${textOf(tree.paths.path(folder))}/` },
      bytes: claims.reduce((total, claim) => total + claim.bytes, 0),
      compressedBytes: claims.reduce((total, claim) => total + claim.compressedBytes, 0),
      entries: inside.length,
    };
  });
}
