import type { ZodType } from "zod";

/** Results, and the configuration, of which a JSON Schema is published: docs/NAME-schema.json. */
export const schemaNames = ["report", "verification", "comparison", "build", "rewrite", "promotion", "config"] as const;
/** One of `schemaNames`. */
export type SchemaName = (typeof schemaNames)[number];

/** The JSON Schema (draft 2020-12) of a report, the one in docs/report-schema.json, or of another result. Loads zod when it is called. */
export async function reportJsonSchema(name: SchemaName = "report"): Promise<Record<string, unknown>> {
  const [{ z }, source] = await Promise.all([import("zod"), schemaOf(name)]);
  // As input: fields that a later version adds are allowed.
  const { $schema, ...schema } = z.toJSONSchema(source, { io: "input", target: "draft-2020-12" });
  const title = name === "config" ? "deadweight.yaml" : `deadweight ${name}, schema version 1`;
  return { $schema, title, ...schema };
}

async function schemaOf(name: SchemaName): Promise<ZodType> {
  if (name === "report") return (await import("../model/report-schema.ts")).reportSchema;
  if (name === "verification") return (await import("../model/verification-schema.ts")).verificationSchema;
  if (name === "build") return (await import("../model/build-outcome-schema.ts")).buildOutcomeSchema;
  if (name === "rewrite") return (await import("../model/dockerfile-rewrite-schema.ts")).dockerfileRewriteSchema;
  if (name === "promotion") return (await import("../model/promotion-schema.ts")).promotionSchema;
  if (name === "config") return (await import("../model/config-schema.ts")).configSchema;
  return (await import("../model/size-comparison-schema.ts")).sizeComparisonSchema;
}
