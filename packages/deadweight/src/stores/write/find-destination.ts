import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../../lib/user-error.ts";
import type { SelectedPath } from "../layout/split-selector.ts";

/**
 * Splits `PATH[:SELECTOR]` of something to write. As when it is read, the longest beginning that exists is the path; when none does, it
 * ends at the first colon behind the folders that exist. Throws UserError `bad-reference`, exit 2.
 */
export async function findDestination(name: string, scheme: string): Promise<SelectedPath> {
  const from = await endOfFolders(name);
  const colons = [...name.slice(from).matchAll(/:/g)].map(({ index }) => from + index);
  const existing = await findLast([...colons, name.length], (end) => exists(name.slice(0, end)));
  const end = existing ?? colons[0] ?? name.length;
  const path = name.slice(0, end);
  const selector = end === name.length ? undefined : name.slice(end + 1);
  if (path === "" || selector === "") {
    throw new UserError("bad-reference", `${scheme}:${name}: a path and a name are needed on both sides of the colon`, {
      exitCode: 2,
    });
  }
  return { path: path.replace(/(?<=.)[/\\]+$/, ""), selector };
}

/** Where the last folder that exists ends: a colon in its name separates nothing. Nor does that of a drive. */
async function endOfFolders(name: string): Promise<number> {
  for (let folder = dirname(name); folder !== dirname(folder); folder = dirname(folder)) {
    if (folder === ".") break;
    if ((await stat(folder).catch(() => undefined))?.isDirectory() === true) return folder.length;
  }
  return /^[A-Za-z]:[/\\]/.test(name) ? 2 : 0;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function findLast<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<T | undefined> {
  for (const item of items.toReversed()) if (await test(item)) return item;
  return undefined;
}
