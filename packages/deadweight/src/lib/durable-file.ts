import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Writes a file beside its place and renames it, each step on the disk before the next: after a crash there is the old one or the new one,
 * whole. Throws what the file system says.
 */
export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const aside = join(dirname(path), `.${basename(path).slice(0, 200)}.tmp-${randomBytes(5).toString("hex")}`);
  try {
    await using file = await open(aside, "wx", mode);
    await file.writeFile(content);
    // The process's umask has taken its part of the mode.
    await file.chmod(mode);
    await file.sync();
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await rename(aside, path);
  await syncFolder(dirname(path));
}

/** Puts the names of a folder on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}
