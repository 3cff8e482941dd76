import { z } from "zod";
import type { DockerfileRewrite } from "./dockerfile-rewrite.ts";

// Fields are added within a schema version, so a field that is not known is kept, not refused.
const open = z.looseObject;

const text = z.string();
const size = z.int().min(0);
const line = z.int().min(1);
const place = { line: line.describe("in the Dockerfile as it was given"), endLine: line };
const rule = text.describe("the edit's name");

const saving = open({
  bytes: size,
  compressedBytes: size.exactOptional().describe("absent where an estimate does not say"),
  basis: z.enum(["measured", "estimated"]),
  source: text.exactOptional().describe("where an estimate comes from"),
});

const change = open({
  ...place,
  rule,
  safety: z.enum(["lossless", "verified", "opt-in"]),
  message: text,
  reason: text.describe("why it is safe, or what to do by hand"),
  saving,
});

const note = { ...place, rule, message: text };

/** What the JSON of `rewrite` must be. Checks form and ranges. */
export const dockerfileRewriteSchema: z.ZodType<DockerfileRewrite> = open({
  schemaVersion: z.literal(1),
  tool: open({ name: z.literal("deadweight"), version: text }),
  file: text.describe("the Dockerfile as it was called, with /"),
  image: open({
    reference: text,
    digest: text,
    platform: open({ os: text, architecture: text, variant: text.exactOptional() }),
  })
    .exactOptional()
    .describe("the built image that says what instructions cost"),
  evidence: open({ instructions: size, found: size })
    .exactOptional()
    .describe("RUN, COPY and ADD of the shipped stages, and how many of them the image's history shows"),
  level: z.enum(["lossless", "verified"]),
  measured: open({ bytes: size, compressedBytes: size }).describe("saved by all changes together: each byte counts once"),
  estimated: open({ bytes: size }).describe("the sum of estimates, which may overlap"),
  changes: z.array(change),
  advice: z.array(change).describe("what can be done by hand"),
  notes: z.array(open(note)).describe("what was left alone, and why"),
  silenced: z.array(open({ ...note, reason: text.describe("what the comment gives; empty without one") })),
  hunks: z
    .array(
      open({ start: size, end: size, text, changes: z.array(size).describe("numbers of the changes that it makes, from 0") }),
    )
    .describe("replacements in `before`, by UTF-16 code units"),
  before: text,
  after: text,
  encoding: z.enum(["utf-8", "latin1"]).describe("how both texts are stored"),
});
