/** The JSON Schema (draft 2020-12) of a report, the one in docs/report-schema.json. Loads zod when it is called. */
export async function reportJsonSchema(): Promise<Record<string, unknown>> {
  const [{ z }, { reportSchema }] = await Promise.all([import("zod"), import("../model/report-schema.ts")]);
  // As input: fields that a later version adds are allowed.
  const { $schema, ...schema } = z.toJSONSchema(reportSchema, { io: "input", target: "draft-2020-12" });
  return { $schema, title: "deadweight report, schema version 1", ...schema };
}
