import type { Facts } from "../contracts/fact.ts";
import { someOf } from "../lib/some-of.ts";
import { layerOrigins } from "../facts/layer-origins.ts";

const longestInstruction = 60;

/** How messages name a layer: `layer 3 (RUN apt-get update && apt-get install …)`. */
export function layerLabel(facts: Facts, layer: number): string {
  const instruction = (facts.get(layerOrigins).layers[layer]?.instruction ?? "").replace(/\s+/g, " ").trim();
  if (instruction === "") return `layer ${layer}`;
  const characters = Array.from(instruction);
  const shown =
    characters.length <= longestInstruction ? instruction : `${characters.slice(0, longestInstruction - 1).join("")}…`;
  return `layer ${layer} (${shown})`;
}

/** The layers of many entries in words, those that hold the most of them first. */
export function layerLabels(facts: Facts, layers: Iterable<number>): string {
  const counts = new Map<number, number>();
  for (const layer of layers) counts.set(layer, (counts.get(layer) ?? 0) + 1);
  const order = [...counts.keys()].sort((one, other) => (counts.get(other) ?? 0) - (counts.get(one) ?? 0) || one - other);
  return someOf(order.map((layer) => layerLabel(facts, layer)));
}
