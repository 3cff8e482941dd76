import { defineFact, type Fact, type Facts } from "../contracts/fact.ts";
import type { HistoryRow } from "../model/image.ts";
import { findBase } from "./layer-origins/base-image.ts";
import { instructionOf } from "./layer-origins/instruction.ts";

/** How one layer came about. */
export interface LayerOrigin {
  /** The instruction as one would write it, `RUN apt-get update`; empty when the history does not say. */
  readonly instruction: string;
  /** `RUN`, `COPY`, `ADD`, `FROM`, …; empty when the row is no instruction of a Dockerfile. */
  readonly keyword: string;
  /** Whether the layer came with the base image. */
  readonly base: boolean;
}

/** The layers tied to their instructions, and where the base image ends. */
export interface LayerOrigins {
  /** One for each layer, lowest first. */
  readonly layers: readonly LayerOrigin[];
  /** How many of the lowest layers are the base image's, and in one sentence what says so. Rows are counted from 0. */
  readonly base: { readonly layers: number; readonly evidence: string };
}

/** Ties layers to instructions by the image's history and tells the base image's from the user's own. */
export const layerOrigins: Fact<LayerOrigins> = defineFact("layer-origins", (facts: Facts): LayerOrigins => {
  const base = findBase(facts.image, facts.knownBases);
  const rows = rowsOfLayers(facts);
  return {
    layers: rows.map((row, index) => ({
      ...(row === undefined ? { keyword: "", instruction: "" } : instructionOf(row)),
      base: index < base.layers,
    })),
    base,
  };
});

/** The history row of each layer; undefined for all that the history does not match. */
function rowsOfLayers({ image }: Facts): readonly (HistoryRow | undefined)[] {
  const filled = image.config.history.filter((row) => !row.emptyLayer);
  return filled.length === image.layers.length ? filled : image.layers.map((layer) => layer.history);
}
