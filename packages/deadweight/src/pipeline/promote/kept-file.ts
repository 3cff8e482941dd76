import { randomBytes } from "node:crypto";
import { link, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFolder, writeDurably } from "../../lib/durable-file.ts";
import { UserError } from "../../lib/user-error.ts";
import { sha256Of } from "../build/build-files.ts";

/** The sha256 of a file in hexadecimal digits; undefined when there is none. */
export async function hashOf(path: string): Promise<string | undefined> {
  try {
    return sha256Of(await readFile(path));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** `PATH.old`, or `PATH.old.1` and so on: the first that nothing has. */
export async function freeName(wanted: string): Promise<string> {
  for (let number = 0; number < 10_000; number++) {
    const name = number === 0 ? wanted : `${wanted}.${number}`;
    if ((await stat(name).catch(() => undefined)) === undefined) return name;
  }
  throw new UserError("exists", `${wanted}: there are ten thousand of them`);
}

/** Gives a file's content a second name, never over another file. Nothing is done when it has it already. Throws UserError `exists`. */
export async function keepAs(path: string, kept: string, sha256: string): Promise<void> {
  const there = await hashOf(kept);
  if (there === sha256) return;
  if (there !== undefined) throw new UserError("exists", `${kept}: is another file, and is left alone`);
  await linkOrCopy(path, kept);
  await syncFolder(dirname(kept));
}

async function linkOrCopy(path: string, kept: string): Promise<void> {
  try {
    await link(path, kept);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "EXDEV" && code !== "EPERM" && code !== "ENOTSUP") throw error;
    const aside = join(dirname(kept), `.kept-${randomBytes(5).toString("hex")}`);
    const { mode } = await stat(path);
    await writeDurably(aside, await readFile(path), mode % 0o10000);
    try {
      await link(aside, kept);
    } finally {
      await rm(aside, { force: true });
    }
  }
}
