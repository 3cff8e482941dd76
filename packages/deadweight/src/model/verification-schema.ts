import { z } from "zod";
import { digestPattern } from "./digest.ts";
import { verdictKinds, type Verification } from "./verification.ts";

// Fields are added within a schema version, so a field that is not known is kept, not refused.
const open = z.looseObject;

const text = z.string();
const value = z.union([text, z.number()]);
const image = open({
  reference: text.describe("as it was asked for"),
  digest: text.regex(digestPattern).describe("of the manifest; of the config where there is no manifest"),
  platform: open({ os: text, architecture: text, variant: text.exactOptional() }),
  tarBytes: z.int().min(0).exactOptional().describe("all layers, uncompressed"),
});

const verdict = open({
  check: text,
  subject: text.exactOptional().describe("which of several things the check looks at: a probe, a service"),
  verdict: z.enum(verdictKinds).describe("not-run never counts as passed"),
  reason: text.exactOptional().describe("what differs, why it was not run, or how much was looked at"),
  before: value.exactOptional(),
  after: value.exactOptional(),
  unit: text.exactOptional().describe("of before and after, where they are numbers"),
  details: z.array(text).exactOptional().describe("the first differences, one line each"),
});

/** What the saved result of a verification must be. Checks form and ranges. */
export const verificationSchema: z.ZodType<Verification> = open({
  schemaVersion: z.literal(1),
  tool: open({ name: z.literal("deadweight"), version: text }),
  before: image,
  after: image,
  passed: z.boolean().describe("something was looked at, nothing differs, and all that had to be looked at was"),
  verdicts: z.array(verdict),
  missing: z.array(text).describe("what --require asked for and was not run"),
});
