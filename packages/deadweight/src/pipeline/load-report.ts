import { open } from "node:fs/promises";
import type { z } from "zod";
import { asRecord, parseJson } from "../lib/parse-json.ts";
import { UserError } from "../lib/user-error.ts";
import type { Report } from "../model/report.ts";

const MiB = 2 ** 20;
// A text in V8 is shorter than 512 MiB.
const maxReportBytes = 500 * MiB;

/** The report in a file that `analyze -f json` wrote, or the result that `optimize -f json` did. Throws UserError for a file that can't be read or is no report; it names the first wrong field. */
export async function loadReport(path: string): Promise<Report> {
  const what = `could not read the report ${path}`;
  const value = parseJson(await readBounded(path, what), what);
  const version = asRecord(value)?.["schemaVersion"];
  if (typeof version === "number" && version !== 1) {
    throw new UserError("unreadable", `${what}: it has schema version ${version}, this version of deadweight reads 1`);
  }
  const result = (await schemaFor(value)).safeParse(value);
  if (result.success) return result.data;
  throw new UserError("unreadable", `${what}: ${firstIssue(result.error)}`, {
    hint: "give a file that `deadweight analyze IMAGE -f json` or `deadweight optimize` wrote",
    cause: result.error,
  });
}

/** Loads zod when it is called. */
async function schemaFor(value: unknown): Promise<z.ZodType<Report>> {
  if (asRecord(value)?.["changes"] === undefined) return (await import("../model/report-schema.ts")).reportSchema;
  return (await import("../model/optimization-schema.ts")).optimizationSchema;
}

/** A file as a whole. Throws UserError, which begins with `what`, when it can't be read or has more than 500 MiB. */
export async function readBounded(path: string, what: string): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > maxReportBytes) throw new UserError("too-large", `${what}: ${size} bytes, at most ${maxReportBytes} can be read`);
    return await file.readFile();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError("unreadable", `${what}: ${why}`, { cause: error });
  }
}

/** `components[3].tarBytes: Invalid input: expected int, received string`. */
function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  const place = (issue?.path ?? [])
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
  return `${place === "" ? "the file" : place}: ${issue?.message ?? "not valid"}`;
}
