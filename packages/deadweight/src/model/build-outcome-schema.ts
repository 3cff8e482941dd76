import { z } from "zod";
import type { BuildOutcome } from "./build-outcome.ts";
import { verificationSchema } from "./verification-schema.ts";

// Fields are added within a schema version, so a field that is not known is kept, not refused.
const open = z.looseObject;

const text = z.string();
const size = z.int().min(0);
const time = z.number().min(0);

const step = open({
  text: text.describe("the instruction as the builder writes it"),
  place: text.describe("the stage and the number in it"),
  line: z.int().min(1).exactOptional().describe("in the Dockerfile"),
  isCached: z.boolean().describe("taken from the builder's cache: its time says nothing"),
  durationMs: time.exactOptional(),
});

const image = open({
  builder: z.enum(["buildkit", "legacy"]),
  imageId: text.regex(/^sha256:[0-9a-f]{64}$/),
  engineBytes: size.describe("all layers as the engine counts them"),
  steps: z.array(step),
  durationMs: time,
  contextFiles: size,
  contextBytes: size,
});

const side = {
  path: text.describe("of the Dockerfile"),
  sha256: text.regex(/^[0-9a-f]{64}$/).describe("of the Dockerfile's bytes"),
  image,
  tag: text.describe("under which the engine keeps the image"),
};

const edit = open({
  edit: text,
  line: z.int().min(1),
  message: text,
  predictedBytes: size,
  basis: z.enum(["measured", "derived", "estimated"]),
  status: z.enum(["kept", "dropped"]),
  reason: text.exactOptional().describe("why it was dropped"),
});

/** What the record of a build must be. Checks form and ranges. */
export const buildOutcomeSchema: z.ZodType<BuildOutcome> = open({
  schemaVersion: z.literal(1),
  tool: open({ name: z.literal("deadweight"), version: text }),
  context: text,
  engine: text,
  tag: text.exactOptional().describe("the name that promote moves to the candidate"),
  original: open(side),
  candidate: open({ ...side, predictedBytes: size.exactOptional() }).exactOptional(),
  edits: z.array(edit),
  attempts: size.describe("builds beside that of the original"),
  verification: verificationSchema.exactOptional(),
  failure: text.exactOptional().describe("why the candidate that was given is none"),
  passed: z.boolean().describe("there is a candidate, and it was verified"),
});
