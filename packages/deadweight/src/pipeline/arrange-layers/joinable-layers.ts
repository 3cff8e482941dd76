import type { Facts } from "../../contracts/fact.ts";
import { fragileLayers } from "../../facts/fragile-layers.ts";
import { layerOrigins } from "../../facts/layer-origins.ts";
import type { LayerShape } from "../../model/layer-shape.ts";
import { divisionRule } from "./divide-entries.ts";
import type { JoinRequest } from "./plan-join.ts";

/** Runs of neighbouring layers that a shape makes anew. Those that runtimes read differently are none of them. */
export function joinableLayers(facts: Facts, shape: LayerShape): readonly JoinRequest[] {
  if (shape.kind === "keep") return [];
  const fragile = facts.get(fragileLayers);
  const { layers: origins } = facts.get(layerOrigins);
  const isJoined = (layer: number): boolean =>
    !fragile.has(layer) && (shape.kind !== "squash-own" || origins[layer]?.base !== true);
  const runs: number[][] = [];
  for (const layer of facts.layers.keys()) {
    if (!isJoined(layer)) continue;
    if (runs.at(-1)?.at(-1) === layer - 1) runs.at(-1)?.push(layer);
    else runs.push([layer]);
  }
  if (shape.kind === "squash" || shape.kind === "squash-own") {
    return runs.filter((layers) => layers.length > 1).map((layers) => ({ layers }));
  }
  const joined = runs.reduce((sum, run) => sum + run.length, 0);
  const free = shape.kind === "balance" ? Math.max(1, shape.layers - (facts.layers.length - joined)) : 1;
  const shares = runs.map((layers) => bytesOf(facts, layers));
  const total = shares.reduce((sum, bytes) => sum + bytes, 0);
  return runs.map((layers, run) => {
    const parts = Math.max(1, Math.round((free * (shares[run] ?? 0)) / Math.max(1, total)));
    return { layers, rule: divisionRule(shape, runs.length === 1 ? free : parts) };
  });
}

/** Compressed bytes of layers. */
export function bytesOf({ layers }: Facts, chosen: readonly number[]): number {
  return chosen.reduce((sum, layer) => sum + (layers[layer]?.compressedBytes ?? 0), 0);
}
