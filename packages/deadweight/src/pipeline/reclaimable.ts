import type { RuleFinding } from "../contracts/rule.ts";
import { compressedPart } from "../facts/compressed-part.ts";
import type { FileTree } from "../facts/file-tree.ts";
import type { ReclaimableBySafety, Safety } from "../model/report.ts";

const ascending: readonly Safety[] = ["lossless", "verified", "opt-in"];

type Range = readonly [start: number, end: number];

/**
 * What all findings together would free, by the safest remedy that frees it: each byte is counted once, however many findings claim
 * it. An entry that is claimed whole counts whole; parts of one count as far as no safer finding has them.
 */
export function reclaimable(tree: FileTree, findings: readonly RuleFinding[]): readonly ReclaimableBySafety[] {
  const covered = new Map<number, Covered>();
  return ascending.map((safety) => {
    let bytes = 0;
    let compressedBytes = 0;
    for (const finding of findings) {
      if (finding.safety !== safety) continue;
      for (const { entry, ranges } of finding.claims) {
        const before = covered.get(entry) ?? { isWhole: false, ranges: [] };
        const after: Covered =
          ranges === undefined ? { isWhole: true, ranges: [] } : { ...before, ranges: union([...before.ranges, ...ranges]) };
        covered.set(entry, after);
        bytes += bytesIn(tree, entry, after) - bytesIn(tree, entry, before);
        compressedBytes += compressedIn(tree, entry, after) - compressedIn(tree, entry, before);
      }
    }
    return { safety, bytes, compressedBytes };
  });
}

interface Covered {
  readonly isWhole: boolean;
  readonly ranges: readonly Range[];
}

function bytesIn(tree: FileTree, entry: number, covered: Covered): number {
  return covered.isWhole ? tree.tarBytes(entry) : covered.ranges.reduce((total, [start, end]) => total + (end - start), 0);
}

function compressedIn(tree: FileTree, entry: number, covered: Covered): number {
  return covered.isWhole ? tree.compressedBytes(entry) : compressedPart(tree, entry, covered.ranges);
}

/** The same bytes as disjoint ranges in order. */
function union(ranges: readonly Range[]): readonly Range[] {
  const joined: [number, number][] = [];
  for (const [start, end] of ranges.toSorted(([one], [other]) => one - other)) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}
