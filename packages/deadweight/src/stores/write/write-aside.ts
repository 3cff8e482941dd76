import type { Stats } from "node:fs";
import { link, lstat, mkdir, open, readdir, realpath, rename, rm, statfs } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { printBytes } from "../../lib/byte-size.ts";
import { UserError } from "../../lib/user-error.ts";
import { asideName, type AsideOwner, isLeftover, thisOwner } from "../../lib/aside-owner.ts";
import { writeError, type WriteTask } from "./write-error.ts";

/** What is to be written, and where. */
export interface AsideTask {
  readonly path: string;
  readonly kind: "file" | "folder";
  /** What error messages begin with. */
  readonly place: string;
  /** Bytes that it takes at least. */
  readonly needed: number;
  readonly force: boolean;
  /** Throws UserError when what is there may not be replaced even with `force`. */
  readonly checkReplaceable?: (path: string) => Promise<void>;
  /** Writes the file or folder at a path where nothing is yet, and syncs it. */
  readonly fill: (path: string) => Promise<void>;
}

/**
 * Writes a file or folder in a folder of its own beside its place and moves it there when it is whole: at each moment the place has
 * all of the new one, all of the old one or nothing. What was left aside by processes that were killed is removed first. Throws
 * UserError `exists` (exit 2), `no-space`, `unwritable`.
 */
export async function writeAside(task: AsideTask, owner: AsideOwner = thisOwner()): Promise<void> {
  const target = await realpath(task.path).catch(() => resolve(task.path));
  const folder = dirname(target);
  const named: WriteTask = { place: task.place, folder, needed: task.needed };
  try {
    await removeLeftovers(target, owner);
    const isThere = await checkFree(task, target);
    await checkSpace(named);
    const aside = join(folder, asideName(basename(target), owner));
    await mkdir(aside, { mode: 0o700 });
    await fillAndMove(task, join(aside, "new"), target, isThere).catch(async (error: unknown) => {
      // An old one that could not be moved back stays: the next run puts it there.
      const isKept = (await statOf(join(aside, "old"))) !== undefined;
      if (!isKept) await removeAside(aside).catch(() => undefined);
      throw error;
    });
    await syncFolder(folder);
    await removeAside(aside);
  } catch (error) {
    throw writeError(error, named);
  }
}

/** The error for something that is there already and may not be replaced. */
export function alreadyThere(place: string): UserError {
  return new UserError("exists", `${place}: is there already`, {
    exitCode: 2,
    hint: "choose another name, or add --force to replace it once the new one is whole",
  });
}

/** Makes sure that a folder's entries are on the disk, where the system can. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, "r");
    await folder.sync();
  } catch (error) {
    // Some file systems, and Windows, can't sync a folder.
    if (!hasCode(error, "EINVAL", "EISDIR", "EPERM", "EACCES", "ENOTSUP")) throw error;
  }
}

/** Whether something is there. Throws when it may not be replaced. */
async function checkFree({ place, kind, force, checkReplaceable }: AsideTask, target: string): Promise<boolean> {
  const found = await statOf(target);
  if (found === undefined) return false;
  // Nothing is lost with an empty folder, and a folder can be moved over one.
  if (kind === "folder" && found.isDirectory() && (await readdir(target)).length === 0) return false;
  if (!force) throw alreadyThere(place);
  const isRight = kind === "folder" ? found.isDirectory() : found.isFile();
  if (!isRight)
    throw new UserError("exists", `${place}: is there already and no ${kind}, so it is not replaced`, { exitCode: 2 });
  await checkReplaceable?.(target);
  return true;
}

async function checkSpace({ place, folder, needed }: WriteTask): Promise<void> {
  const { bavail, bsize, blocks } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= needed || blocks === 0) return;
  const why = `takes at least ${needed} bytes (${printBytes(needed)}) in ${folder}, which has ${free} (${printBytes(free)})`;
  throw new UserError("no-space", `${place}: ${why}`, { hint: `make room in ${folder} or write to another disk` });
}

async function fillAndMove(task: AsideTask, fresh: string, target: string, isThere: boolean): Promise<void> {
  await task.fill(fresh);
  await (isThere ? replace(task, fresh, target) : moveIn(task, fresh, target));
}

/** Moves what is whole to a place where nothing was; whatever came there meanwhile stays. */
async function moveIn(task: AsideTask, fresh: string, target: string): Promise<void> {
  try {
    if (task.kind === "folder") await rename(fresh, target);
    else await linkOrRename(fresh, target);
  } catch (error) {
    if (hasCode(error, "EEXIST", "ENOTEMPTY", "ENOTDIR") && (await statOf(target)) !== undefined) throw alreadyThere(task.place);
    throw error;
  }
}

/** A rename would replace a file that came meanwhile; a link does not. */
async function linkOrRename(fresh: string, target: string): Promise<void> {
  try {
    await link(fresh, target);
  } catch (error) {
    // File systems without hard links.
    if (!hasCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK")) throw error;
    if ((await statOf(target)) !== undefined) throw Object.assign(new Error("is there already"), { code: "EEXIST" });
    await rename(fresh, target);
  }
}

/** A file is replaced at once. Of folders the old one is moved aside first, and back when the new one can't be moved in. */
async function replace(task: AsideTask, fresh: string, target: string): Promise<void> {
  if (task.kind === "file") return rename(fresh, target);
  const old = join(dirname(fresh), "old");
  await rename(target, old);
  try {
    await rename(fresh, target);
  } catch (error) {
    await rename(old, target);
    throw error;
  }
}

/** Removes what killed processes left beside a place. One that was killed between its two moves left the old folder there: it goes back. */
async function removeLeftovers(target: string, owner: AsideOwner): Promise<void> {
  const folder = dirname(target);
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const found = name.startsWith(".") ? await statOf(path) : undefined;
    if (found?.isDirectory() !== true || found.uid !== (process.getuid?.() ?? found.uid)) continue;
    if (!isLeftover(name, basename(target), found.mtimeMs, owner)) continue;
    const old = join(path, "old");
    if ((await statOf(old)) !== undefined && (await statOf(target)) === undefined) await rename(old, target);
    // What can't be removed does no harm.
    await removeAside(path).catch(() => undefined);
  }
}

/** A process that is killed meanwhile leaves nothing called `old` of which a part is missing: it would be put back. */
async function removeAside(aside: string): Promise<void> {
  const old = join(aside, "old");
  if ((await statOf(old)) !== undefined) await rename(old, join(aside, "removed"));
  await rm(aside, { recursive: true, force: true });
}

/** A folder may take files and not tell their names. */
async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (hasCode(error, "EACCES", "EPERM")) return [];
    throw error;
  });
}

async function statOf(path: string): Promise<Stats | undefined> {
  return lstat(path).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
