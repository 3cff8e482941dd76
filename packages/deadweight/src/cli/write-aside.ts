import { randomUUID } from "node:crypto";
import { link, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../lib/user-error.ts";

/** Where a file will be written: its own place behind any links; `isPlain` unless it is a pipe or a device. */
type Target = { readonly path: string; readonly isPlain: boolean };

/** Fails early, before hours of work, when a file could not be written later. Throws UserError, exit 2. */
export async function checkWritable(path: string): Promise<void> {
  const folder = dirname(path);
  const found = await stat(folder).catch((error: unknown) => cannotWrite(path, error, 2));
  if (!found.isDirectory()) throw new UserError("usage", `could not write ${path}: ${folder} is no folder`, { exitCode: 2 });
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory()) throw new UserError("usage", `could not write ${path}: it is a folder`, { exitCode: 2 });
}

/** Writes a file beside its place and renames it, so that a stop half-way leaves the old one whole. Throws UserError. */
export async function writeAside(path: string, text: string | Uint8Array | Iterable<string>): Promise<void> {
  const target = await targetOf(path);
  // A pipe or a device can't be replaced.
  if (!target.isPlain) return writeFile(target.path, text).catch((error: unknown) => cannotWrite(path, error, 3));
  const aside = join(dirname(target.path), `.${basename(target.path).slice(0, 200)}.${randomUUID()}.tmp`);
  try {
    await writeFile(aside, text, { flag: "wx" });
    await rename(aside, target.path);
  } catch (error) {
    await rm(aside, { force: true });
    return cannotWrite(path, error, 3);
  }
}

/** Writes a file whose name nothing has, whole or not at all. Throws UserError, exit 2, where there is something. */
export async function writeNew(path: string, text: string | Uint8Array): Promise<void> {
  const aside = join(dirname(path), `.${basename(path).slice(0, 200)}.${randomUUID()}.tmp`);
  try {
    await writeFile(aside, text, { flag: "wx" });
    // A link is not made over what is there, which a rename would replace.
    await link(aside, path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST")
      throw new UserError("exists", `could not write ${path}: there is one`, {
        hint: "name another file, or replace it with --force",
        exitCode: 2,
      });
    cannotWrite(path, error, 3);
  } finally {
    await rm(aside, { force: true });
  }
}

async function targetOf(path: string): Promise<Target> {
  const real = await realpath(path).catch(() => path);
  const existing = await stat(real).catch(() => undefined);
  return { path: real, isPlain: existing === undefined || existing.isFile() };
}

function cannotWrite(path: string, error: unknown, exitCode: 2 | 3): never {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const why = code === "ENOENT" ? `there is no folder ${dirname(path)}` : error instanceof Error ? error.message : String(error);
  throw new UserError("unwritable", `could not write ${path}: ${why}`, { cause: error, exitCode });
}
