import { z } from "zod";
import { digestPattern } from "./digest.ts";
import { changeActions, levels, type Optimization } from "./optimization.ts";
import { reportSchema } from "./report-schema.ts";

// Fields are added within a schema version, so a field that is not known is kept, not refused.
const open = z.looseObject;

const count = z.int().nonnegative();
const text = z.string();
const digest = text.regex(digestPattern);
const weight = open({ tarBytes: count, compressedBytes: count });

const change = open({
  transform: text,
  action: z.enum(changeActions),
  platform: text.exactOptional(),
  layer: count,
  path: text,
  bytesBefore: count,
  bytesAfter: count,
  reason: text,
});

const platformOutcome = open({
  platform: open({ os: text, architecture: text, variant: text.exactOptional() }),
  digest,
  before: weight,
  predicted: weight,
  after: weight.exactOptional(),
  resultDigest: digest.exactOptional(),
});

/** What the saved result of an optimisation must be: the report on its source, and what was added. Checks form and ranges. */
export const optimizationSchema: z.ZodType<Optimization> = reportSchema.and(
  open({
    level: z.enum(levels),
    indexDigest: digest.exactOptional(),
    platforms: z.array(platformOutcome).exactOptional(),
    before: weight,
    predicted: weight,
    after: weight.exactOptional(),
    result: open({ reference: text, digest, isCopy: z.boolean(), isValidated: z.boolean() }).exactOptional(),
    changes: z.array(change),
    omissions: z.array(open({ digest, reason: text })),
    notes: z.array(text),
  }),
);
