import { z } from "zod";
import type { Promotion } from "./promotion.ts";

const text = z.string();
const hash = text.regex(/^[0-9a-f]{64}$/);
const digest = text.regex(/^sha256:[0-9a-f]{64}$/);

/** What the journal of a promotion, and the JSON of `promote` and `rollback`, must be. */
export const promotionSchema: z.ZodType<Promotion> = z.looseObject({
  schemaVersion: z.literal(1),
  state: z.enum(["begun", "done", "undoing"]),
  owner: z.looseObject({ pid: z.int(), machine: text, sinceMs: z.number() }),
  dockerfile: z.looseObject({
    path: text,
    before: hash,
    after: hash,
    from: text,
    old: text,
    mode: z.int().min(0).max(0o7777),
    isCommitted: z.boolean(),
  }),
  image: z
    .looseObject({ engine: text, name: text, imageId: text, previousId: text.exactOptional(), keptAs: text.exactOptional() })
    .exactOptional(),
  registry: z
    .looseObject({
      reference: text,
      digest,
      engine: text,
      imageId: text,
      previousDigest: digest.exactOptional(),
      keptAs: text.exactOptional(),
    })
    .exactOptional(),
  left: z.array(text).exactOptional().describe("what a rollback could not put back"),
});
