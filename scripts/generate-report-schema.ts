import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { reportJsonSchema, schemaNames } from "../packages/deadweight/src/pipeline/report-json-schema.ts";

/** Writes docs/NAME-schema.json of each result where it is stale, or with `--check` fails. How it is laid out is the formatter's business. */
const onlyCheck = process.argv.includes("--check");
for (const name of schemaNames) {
  const path = join(import.meta.dirname, `../docs/${name}-schema.json`);
  const schema = await reportJsonSchema(name);
  if (existsSync(path) && isDeepStrictEqual(JSON.parse(readFileSync(path, "utf8")), schema)) continue;
  if (onlyCheck) {
    console.error(`stale docs/${name}-schema.json: run node scripts/generate-report-schema.ts`);
    process.exitCode = 1;
  } else writeFileSync(path, `${JSON.stringify(schema, undefined, 2)}\n`);
}
