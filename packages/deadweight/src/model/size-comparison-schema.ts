import { z } from "zod";
import { digestPattern } from "./digest.ts";
import { componentKinds } from "./report.ts";
import { componentChanges, layerChanges, type SizeComparison } from "./size-comparison.ts";

// Fields are added within a schema version, so a field that is not known is kept, not refused.
const open = z.looseObject;

const text = z.string();
const count = z.int().nonnegative();
const bytes = count.describe("bytes");
const digest = text.regex(digestPattern);

const image = open({
  image: open({
    reference: text.describe("as it was asked for"),
    digest: digest.describe("of the manifest; of the config where there is no manifest"),
    platform: open({ os: text, architecture: text, variant: text.exactOptional() }),
  }),
  totals: open({ layers: count, files: count, contentBytes: bytes, tarBytes: bytes, compressedBytes: bytes }),
  baseImage: open({ layers: count, evidence: text }),
  build: open({ durationMs: z.number().nonnegative(), steps: count, cachedSteps: count })
    .exactOptional()
    .describe("how long the build took, where a record of `deadweight build` was given that names the image"),
});

const layer = open({
  index: count,
  digest,
  diffId: digest,
  tarBytes: bytes,
  compressedBytes: bytes,
  base: z.boolean(),
});

const component = open({
  version: text.exactOptional(),
  tarBytes: bytes,
  compressedBytes: bytes,
  files: count,
});

const fetched = open({ bytes, seconds: z.number().nonnegative().exactOptional() });

/** What the saved comparison of two images must be. Checks form and ranges. */
export const sizeComparisonSchema: z.ZodType<SizeComparison> = open({
  schemaVersion: z.literal(1),
  tool: open({ name: z.literal("deadweight"), version: text }),
  before: image,
  after: image,
  isSameBase: z.boolean().describe("whether both have the same layers of a base image"),
  transfer: open({
    bitsPerSecond: z.number().positive().exactOptional(),
    before: fetched.describe("for a machine that has nothing: all layers, each once"),
    after: fetched,
    update: fetched.describe("the image after, for a machine that has the one before"),
  }),
  layers: z.array(
    open({
      change: z.enum(layerChanges).describe("recompressed: the same files, stored anew"),
      instruction: text,
      before: layer.exactOptional(),
      after: layer.exactOptional(),
    }),
  ),
  components: z
    .array(
      open({
        change: z.enum(componentChanges),
        kind: z.enum(componentKinds),
        name: text,
        isOtherVersion: z.boolean(),
        before: component.exactOptional(),
        after: component.exactOptional(),
      }),
    )
    .describe("the largest difference first"),
});
