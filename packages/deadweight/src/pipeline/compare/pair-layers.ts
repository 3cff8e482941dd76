import type { ReportLayer } from "../../model/report.ts";
import type { ComparedLayer, LayerPair } from "../../model/size-comparison.ts";

/**
 * The layers of two images side by side, in their order: those with the same files are one, and between them those that the same
 * instruction made. The longest such sequence is taken.
 */
export function pairLayers(before: readonly ReportLayer[], after: readonly ReportLayer[]): readonly LayerPair[] {
  const best = bestScores(before, after);
  const width = after.length + 1;
  const pairs: LayerPair[] = [];
  let [old, now] = [0, 0];
  while (old < before.length || now < after.length) {
    const [one, other] = [before[old], after[now]];
    const score = one === undefined || other === undefined ? 0 : likeness(one, other);
    const here = best[old * width + now] ?? 0;
    if (one !== undefined && other !== undefined && score > 0 && here === score + (best[(old + 1) * width + now + 1] ?? 0)) {
      pairs.push(pairOf(one, other));
      old++;
      now++;
    } else if (one !== undefined && (other === undefined || here === (best[(old + 1) * width + now] ?? 0))) {
      pairs.push({ change: "gone", instruction: one.instruction, before: sideOf(one) });
      old++;
    } else if (other !== undefined) {
      pairs.push({ change: "new", instruction: other.instruction, after: sideOf(other) });
      now++;
    }
  }
  return pairs;
}

/** At `old * (after.length + 1) + now`: the best score of the layers from there on. At most a thousand layers a side. */
function bestScores(before: readonly ReportLayer[], after: readonly ReportLayer[]): Float64Array {
  const width = after.length + 1;
  const best = new Float64Array((before.length + 1) * width);
  for (let old = before.length - 1; old >= 0; old--) {
    for (let now = after.length - 1; now >= 0; now--) {
      const [one, other] = [before[old], after[now]];
      const score = one === undefined || other === undefined ? 0 : likeness(one, other);
      const paired = score > 0 ? score + (best[(old + 1) * width + now + 1] ?? 0) : 0;
      best[old * width + now] = Math.max(paired, best[(old + 1) * width + now] ?? 0, best[old * width + now + 1] ?? 0);
    }
  }
  return best;
}

/** The same files count more than all pairs of the same instruction together. */
function likeness(one: ReportLayer, other: ReportLayer): number {
  if (one.diffId === other.diffId) return 10_000;
  return one.instruction !== "" && one.instruction === other.instruction ? 1 : 0;
}

function pairOf(one: ReportLayer, other: ReportLayer): LayerPair {
  const isSame = one.diffId === other.diffId;
  const change = !isSame ? "changed" : one.digest === other.digest ? "same" : "recompressed";
  return { change, instruction: other.instruction, before: sideOf(one), after: sideOf(other) };
}

function sideOf({ index, digest, diffId, tarBytes, compressedBytes, base }: ReportLayer): ComparedLayer {
  return { index, digest, diffId, tarBytes, compressedBytes, base };
}
