import { defaultLimits } from "../archive/limits.ts";
import { createFacts, type Facts } from "../contracts/fact.ts";
import { layerOrigins } from "../facts/layer-origins.ts";
import { completeImage } from "../image/complete.ts";
import type { LayerIndex } from "../model/layer-index.ts";
import type { ProgressEvent } from "../model/progress.ts";
import type { Weighed } from "../model/size-comparison.ts";
import { account } from "./account.ts";
import type { FoundImage } from "./with-facts.ts";

/** What an image weighs, and its layers; none when they had not to be looked at. */
export interface WeighedImage {
  readonly weighed: Weighed;
  readonly layers: readonly LayerIndex[];
}

/** Weighs an image that was found, as an earlier run did or by reading its layers, without what only rules ask for. Throws UserError. */
export async function weigh(found: FoundImage, tell: (event: ProgressEvent) => void = () => {}): Promise<WeighedImage> {
  const { source, open, weights } = found;
  try {
    const image = await completeImage(source, open.platform, defaultLimits);
    const known = await weights.get(image);
    if (known !== undefined) {
      tell({ kind: "note", text: `all ${image.layers.length} layers were weighed before` });
      return { weighed: known, layers: [] };
    }
    const { temporaryFolder } = open;
    const facts = createFacts({ image, layers: await found.readIndexes(image), knownBases: [], temporaryFolder });
    const weighed = weighedOf(facts);
    weights.put(facts, weighed);
    return { weighed, layers: facts.layers };
  } finally {
    found.endSteps();
  }
}

/** What an image weighs whose layers were read, without findings. */
export function weighedOf(facts: Facts): Weighed {
  const { image, layers } = facts;
  const accounts = account(facts);
  const sum = <T>(rows: readonly T[], of: (row: T) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    image: { reference: image.reference, digest: image.digest, platform: image.config.platform },
    totals: {
      layers: layers.length,
      files: sum(accounts.layers, (layer) => layer.files),
      contentBytes: accounts.contentBytes,
      tarBytes: sum(layers, (layer) => layer.tarBytes),
      compressedBytes: sum(layers, (layer) => layer.compressedBytes),
      reclaimableBytes: 0,
      reclaimableCompressedBytes: 0,
    },
    baseImage: facts.get(layerOrigins).base,
    layers: accounts.layers,
    components: accounts.components,
  };
}
