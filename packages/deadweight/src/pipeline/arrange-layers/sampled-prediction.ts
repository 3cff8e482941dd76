import { defaultLimits } from "../../archive/limits.ts";
import type { Facts } from "../../contracts/fact.ts";
import type { LayerJoin } from "../../image/rewrite/arrangement.ts";
import { usualLevels, type RewriteOptions } from "../../image/rewrite/rewrite-image.ts";
import { sampleCompression } from "../../image/rewrite/sample-compression.ts";
import type { ArrangedPlan } from "../arrange-layers.ts";

/** Layers with less than this share of what is joined are not sampled. */
const leastShare = 0.03;

/**
 * A plan that predicts what joined layers take once they are compressed here: another compressor wrote them, or at another level. The
 * largest of them are sampled.
 */
export function sampledPrediction(facts: Facts, plan: ArrangedPlan, asked: RewriteOptions["compression"]): ArrangedPlan {
  const change = (plan.arrangement?.joins ?? []).reduce((sum, join) => sum + changeOf(facts, join, asked), 0);
  const { tarBytes, compressedBytes } = plan.predicted;
  return change === 0
    ? plan
    : { ...plan, predicted: { tarBytes, compressedBytes: Math.max(0, Math.round(compressedBytes + change)) } };
}

function changeOf(facts: Facts, join: LayerJoin, asked: RewriteOptions["compression"]): number {
  const how = asked === "keep" ? { kind: join.compression, level: usualLevels[join.compression] } : asked;
  const kept = join.layers.map((layer) => keptBytes(facts, join, layer));
  const total = kept.reduce((sum, bytes) => sum + bytes, 0);
  return join.layers.reduce((sum, number, place) => {
    const [layer, index, bytes = 0] = [facts.image.layers[number], facts.layers[number], kept[place]];
    if (layer === undefined || index === undefined || bytes < leastShare * total) return sum;
    return sum + bytes * (sampleCompression(layer.blob, index, how, defaultLimits) - 1);
  }, 0);
}

/** Compressed bytes of a layer's entries that stay. */
function keptBytes({ layers }: Facts, { edits }: LayerJoin, layer: number): number {
  const index = layers[layer];
  const first = layers.slice(0, layer).reduce((sum, { count }) => sum + count, 0);
  if (index === undefined) return 0;
  let bytes = 0;
  for (let place = 0; place < index.count; place++) {
    if (edits.get(first + place)?.action === "remove") continue;
    bytes += (index.compressedStarts[place + 1] ?? 0) - (index.compressedStarts[place] ?? 0);
  }
  return bytes;
}
