import { link, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { hasEnded, thisOwner } from "../../lib/aside-owner.ts";
import { syncFolder, writeDurably } from "../../lib/durable-file.ts";
import { parseJson } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Promotion } from "../../model/promotion.ts";
import type { RecordFiles } from "../build/records.ts";
import { readBounded } from "../load-report.ts";

/** A promotion with the file that says so. */
export interface Journal {
  readonly file: string;
  readonly promotion: Promotion;
}

/** The last promotion of a record, finished or not; undefined when there is none. Throws UserError. */
export async function currentJournal({ promotion: file, folder }: RecordFiles): Promise<Journal | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  const found = names.includes(basename(file)) ? file : archivedFiles(file, names).at(-1);
  if (found === undefined) return undefined;
  const what = `could not read the journal ${found}`;
  const { promotionSchema } = await import("../../model/promotion-schema.ts");
  const result = promotionSchema.safeParse(parseJson(await readBounded(found, what), what));
  if (result.success) return { file: found, promotion: result.data };
  throw new UserError("unreadable", `${what}: it is none`, { cause: result.error });
}

/** Writes a new journal, and keeps the one before. Throws UserError `busy` when another process does the same. */
export async function beginJournal({ promotion: file, folder }: RecordFiles, promotion: Promotion): Promise<Journal> {
  const archived = archivedFiles(file, await readdir(folder));
  const next = `${file}.${archived.length + 1}`;
  await rename(file, next).catch(unlessCode("ENOENT"));
  const aside = `${file}.${promotion.owner.pid}.tmp`;
  await writeDurably(aside, textOf(promotion));
  try {
    // Fails where there is one, which rename would not.
    await link(aside, file);
  } catch (error) {
    unlessCode("EEXIST")(error);
    throw busy(file);
  } finally {
    await rm(aside, { force: true });
  }
  await syncFolder(folder);
  return { file, promotion };
}

/** The journal in another state, of this process. */
export async function moveJournal({ file, promotion }: Journal, state: Promotion["state"]): Promise<Journal> {
  const moved = { ...promotion, state, owner: ownerNow() };
  await writeDurably(file, textOf(moved));
  return { file, promotion: moved };
}

/** Forgets a promotion that was undone: the one before it is the last again. */
export async function endJournal({ file }: Journal): Promise<void> {
  await rm(file);
  await syncFolder(dirname(file));
}

/** This process, for a journal. */
export function ownerNow(): Promotion["owner"] {
  const { pid, machine, startedMs } = thisOwner();
  return { pid, machine, sinceMs: Math.ceil(startedMs) };
}

/** Throws UserError `busy` when a process that lives is at it. */
export function requireAbandoned({ file, promotion: { state, owner } }: Journal): void {
  const self = thisOwner();
  if (state === "done" || owner.pid === self.pid || hasEnded(owner, self)) return;
  throw busy(file);
}

function busy(file: string): UserError {
  return new UserError("busy", `${file}: another process is promoting or rolling back`, { hint: "wait until it has ended" });
}

/** Oldest first. */
function archivedFiles(file: string, names: readonly string[]): readonly string[] {
  const prefix = `${basename(file)}.`;
  const numbers = names
    .filter((name) => name.startsWith(prefix) && /^\d{1,6}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((one, other) => one - other);
  return numbers.map((number) => join(dirname(file), `${prefix}${number}`));
}

function textOf(promotion: Promotion): string {
  return `${JSON.stringify(promotion, undefined, 2)}\n`;
}

function unlessCode(code: string): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Error && "code" in error && error.code === code)) throw error;
  };
}
