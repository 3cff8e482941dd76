import { z } from "zod";
import { digestPattern } from "./digest.ts";
import { componentKinds, safeties, type Report } from "./report.ts";
import type { Weighed } from "./size-comparison.ts";

// Fields are added within a schema version, so a field that is not known is kept, not refused.
const open = z.looseObject;

const count = z.int().nonnegative();
const bytes = count.describe("bytes");
const text = z.string();
const digest = z.string().regex(digestPattern);
const safety = z.enum(safeties).describe("how safe it is to free the bytes, the safest first");
const layerNumber = count.describe("place of the layer in the image, the lowest is 0");

const location = open({
  layer: layerNumber,
  path: text
    .exactOptional()
    .describe("without leading slash; absent when the whole layer is meant; \\xHH stands for a byte that is no UTF-8"),
  offset: count.exactOptional().describe("byte of the layer's tar stream"),
});

const claim = open({
  location,
  bytes,
  compressedBytes: bytes,
  basis: z.enum(["measured", "derived", "estimated"]).describe("how the numbers were come by"),
  entries: count.exactOptional().describe("stored entries that the claim sums up, when it stands for a whole folder"),
  base: z.boolean().describe("whether the layer came with the base image"),
});

const finding = open({
  message: text,
  safety,
  remedy: text.exactOptional(),
  bytes: bytes.describe("all that the finding claims, compressed apart"),
  compressedBytes: bytes,
  claims: z.array(claim).describe("findings may claim the same bytes; the totals count them once"),
});

const outcome = open({
  rule: text,
  status: z.enum(["passed", "found", "not-applicable", "crashed"]),
  reason: text.exactOptional().describe("why a rule is not applicable, or its error"),
  findings: z.array(finding),
});

const component = open({
  kind: z.enum(componentKinds),
  name: text,
  version: text.exactOptional(),
  origin: text.exactOptional().describe("how a CUDA part got there; what a model file is"),
  tarBytes: bytes,
  compressedBytes: bytes,
  files: count,
  layers: z.array(layerNumber),
});

const layer = open({
  index: layerNumber,
  digest: digest.describe("of the blob as stored"),
  diffId: digest.describe("of the uncompressed tar stream"),
  mediaType: text,
  tarBytes: bytes,
  compressedBytes: bytes,
  files: count,
  instruction: text.describe("the line of the Dockerfile that made it, as far as the history tells"),
  base: z.boolean().describe("whether it came with the base image"),
});

const totals = open({
  layers: count,
  files: count.describe("stored entries that are neither folders nor whiteouts"),
  contentBytes: bytes.describe("sum of the sizes of stored regular files"),
  tarBytes: bytes.describe("sum of the uncompressed layers; equal to the sum over the components"),
  compressedBytes: bytes.describe("sum of the layer blobs; equal to the sum over the components"),
  reclaimableBytes: bytes.describe("what some finding claims, each byte once"),
  reclaimableCompressedBytes: bytes,
});

const gpu = open({
  capability: text.describe("compute capability: 6.1"),
  name: text.exactOptional().describe("the GPU that was asked for, when it was called by its name"),
  cubin: count.describe("files with machine code for all that they have for it"),
  ptx: count.describe("files of which it gets some as PTX alone, which the driver compiles"),
  none: count.describe("files that have nothing for it"),
  without: z.array(text).describe("the largest of those"),
  pytorch: z.enum(["cubin", "ptx", "none"]).exactOptional().describe("what the PyTorch of the image has for it"),
  pytorchInstead: text.exactOptional().describe("an official wheel that has kernels for it"),
});

const gpus = open({
  files: count.describe("files with code for GPUs that could be told apart"),
  targets: z.array(gpu).describe("the named GPUs, all that are known when none was named; ascending"),
  isNamed: z.boolean(),
  cuda: z.array(
    open({
      version: text,
      sources: z.array(text).describe("what says so"),
      isUsed: z.boolean().describe("whether programs load it, as far as packages tell"),
      minimumDriver: text.exactOptional().describe("the oldest driver for Linux that runs its machine code"),
      toolkitDriver: text.exactOptional().describe("the driver that its toolkit came with: the oldest that compiles its PTX"),
    }),
  ),
  pytorch: open({
    version: text,
    cuda: text.exactOptional(),
    capabilities: z.array(text),
    basis: z.enum(["device-code", "table"]).describe("measured in its library, or the list of official wheels"),
  }).exactOptional(),
});

const weighed = {
  image: open({
    reference: text.describe("as it was asked for"),
    digest: digest.describe("of the manifest; of the config where there is no manifest"),
    platform: open({ os: text, architecture: text, variant: text.exactOptional() }),
  }),
  totals,
  baseImage: open({ layers: count, evidence: text }),
  layers: z.array(layer),
  components: z.array(component).describe("each byte of each layer belongs to exactly one"),
};

/** The part of a report that says where the bytes of an image are. */
export const weighedSchema: z.ZodType<Weighed> = open(weighed);

/** What a report must be, for reading saved ones and for docs/report-schema.json. Checks form and ranges, not that sums agree. */
export const reportSchema: z.ZodType<Report> = open({
  schemaVersion: z.literal(1),
  tool: open({ name: z.literal("deadweight"), version: text }),
  image: weighed.image,
  totals: weighed.totals,
  reclaimable: z
    .array(open({ safety, bytes, compressedBytes: bytes }))
    .describe("the reclaimable bytes by the safest remedy that frees them"),
  baseImage: weighed.baseImage,
  layers: weighed.layers,
  components: weighed.components,
  outcomes: z.array(outcome).describe("what each rule said"),
  gpus: gpus.exactOptional().describe("which GPUs the image can serve; of an image with code for GPUs, CUDA or PyTorch"),
  problems: z.array(open({ location, message: text })).describe("what could not be read; the rest stands"),
});
