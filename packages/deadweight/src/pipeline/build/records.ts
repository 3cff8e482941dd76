import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../../lib/durable-file.ts";
import { fileError } from "../../lib/file-error.ts";
import { parseJson } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import type { BuildOutcome } from "../../model/build-outcome.ts";
import { readBounded } from "../load-report.ts";

/** Files of one record in a state folder. */
export interface RecordFiles {
  readonly folder: string;
  /** What `build` found. */
  readonly outcome: string;
  /** The Dockerfile that was made of the accepted edits. */
  readonly dockerfile: string;
  /** What `promote` has begun, or done. */
  readonly promotion: string;
}

/** Where a record of that name is. Throws UserError, exit 2, for a name that is none. */
export function recordFiles(folder: string, name: string): RecordFiles {
  if (!/^[A-Za-z0-9][\w.-]{0,199}$/.test(name))
    throw new UserError("usage", `${JSON.stringify(name)}: not a name of a service or a Dockerfile`, { exitCode: 2 });
  return {
    folder,
    outcome: join(folder, `${name}.json`),
    dockerfile: join(folder, `${name}.Dockerfile`),
    promotion: join(folder, `${name}.promotion.json`),
  };
}

/** Makes the folder, and keeps it out of version control. Throws UserError. */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const ignore = join(folder, ".gitignore");
    if ((await stat(ignore).catch(() => undefined)) === undefined) await writeDurably(ignore, "*\n");
  } catch (error) {
    throw fileError(error, `could not write ${folder}`);
  }
}

/** Writes what `build` found for `promote`. Throws UserError. */
export async function writeOutcome(files: RecordFiles, outcome: BuildOutcome): Promise<void> {
  await prepareFolder(files.folder);
  await writeDurably(files.outcome, `${JSON.stringify(outcome, undefined, 2)}\n`).catch((error: unknown) => {
    throw fileError(error, `could not write ${files.outcome}`);
  });
}

/** Reads what `build` has written. Throws UserError `not-found` when it has not, `unreadable` when it is something else. */
export async function readOutcome({ outcome }: Pick<RecordFiles, "outcome">): Promise<BuildOutcome> {
  const what = `could not read the record ${outcome}`;
  if ((await stat(outcome).catch(() => undefined)) === undefined) {
    throw new UserError("not-found", `${what}: there is none`, { hint: "run `deadweight build` first", exitCode: 2 });
  }
  const value = parseJson(await readBounded(outcome, what), what);
  const { buildOutcomeSchema } = await import("../../model/build-outcome-schema.ts");
  const result = buildOutcomeSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UserError("unreadable", `${what}: ${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "not valid"}`, {
    hint: "run `deadweight build` again",
  });
}
