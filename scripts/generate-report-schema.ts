import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { reportJsonSchema } from "../packages/deadweight/src/pipeline/report-json-schema.ts";

/** Writes docs/report-schema.json where it is stale, or with `--check` fails. How it is laid out is the formatter's business. */
const path = join(import.meta.dirname, "../docs/report-schema.json");
const schema = await reportJsonSchema();
const isCurrent = existsSync(path) && isDeepStrictEqual(JSON.parse(readFileSync(path, "utf8")), schema);
if (!isCurrent && process.argv.includes("--check")) {
  console.error("stale docs/report-schema.json: run node scripts/generate-report-schema.ts");
  process.exitCode = 1;
} else if (!isCurrent) writeFileSync(path, `${JSON.stringify(schema, undefined, 2)}\n`);
