import { createHash } from "node:crypto";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Facts } from "../contracts/fact.ts";
import type { CacheDatabase } from "../image/cache-database.ts";
import { parseJson } from "../lib/parse-json.ts";
import type { Image } from "../model/image.ts";
import type { Weighed } from "../model/size-comparison.ts";
import { programVersion } from "./cache-location.ts";

/** Remembers what images weigh, so that the layers of one that was weighed before need not be looked at again. */
export interface KnownWeights {
  /** What an image weighs by an earlier run of this very program; undefined when that is not known. */
  readonly get: (image: Image) => Promise<Weighed | undefined>;
  readonly put: (facts: Facts, weighed: Weighed) => void;
}

/** Longer ones are not kept: some 50,000 components. */
const mostJsonBytes = 8 * 1024 * 1024;

/** The weights in a cache; without one nothing is known. */
export function knownWeightsIn(database: CacheDatabase | undefined): KnownWeights {
  return {
    get: async (image) => {
      const value = database?.get(keyOf(image), parsed);
      return value === undefined ? undefined : checked(value, image);
    },
    put: (facts, weighed) => {
      // What was told of a base holds for one run.
      if (facts.knownBases.length > 0) return;
      const json = Buffer.from(JSON.stringify(withoutFindings(weighed)));
      if (json.length <= mostJsonBytes) database?.put(keyOf(facts.image), () => compressed(json));
    },
  };
}

/** An engine gives other blobs for the image of one digest than a registry does. */
function keyOf({ digest, layers }: Image): string {
  const blobs = layers.map((layer) => [layer.digest, layer.diffId, layer.mediaType, layer.blob.size]);
  return `weight ${createHash("sha256")
    .update(JSON.stringify([programVersion(), digest, blobs]))
    .digest("hex")}`;
}

function withoutFindings({ image, totals, layers, components, baseImage }: Weighed): Weighed {
  return { image, totals: { ...totals, reclaimableBytes: 0, reclaimableCompressedBytes: 0 }, layers, components, baseImage };
}

function compressed(json: Uint8Array): Uint8Array {
  return zstdCompressSync(json, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
}

function parsed(value: Uint8Array): unknown {
  return parseJson(zstdDecompressSync(value, { maxOutputLength: mostJsonBytes }), "cached weight");
}

/** What is of another form, or of another image, is not known. */
async function checked(value: unknown, { reference, digest }: Image): Promise<Weighed | undefined> {
  const { weighedSchema } = await import("../model/report-schema.ts");
  const { data } = weighedSchema.safeParse(value);
  return data?.image.digest === digest ? { ...data, image: { ...data.image, reference } } : undefined;
}
