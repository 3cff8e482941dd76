import { stat } from "node:fs/promises";
import { defaultLimits } from "../../archive/limits.ts";
import { blockSize, parseHeader } from "../../archive/tar-header.ts";
import { UserError } from "../../lib/user-error.ts";
import { archiveCompression, firstBlock } from "./expand-archive.ts";
import { indexTar } from "./tar-index.ts";

/** Archives of other kinds can have millions of members; an image of a thousand layers has four thousand. */
const sniffedMembers = 10_000;

/** Whether a file is a tar archive with these members. Of a compressed one only the first header is read, and taken for Docker's. */
export async function looksLikeArchive(path: string, members: readonly string[]): Promise<boolean> {
  if (!((await stat(path).catch(() => undefined))?.isFile() ?? false)) return false;
  try {
    if ((await archiveCompression(path, path)) !== "none")
      return members.includes("manifest.json") && (await beginsWithHeader(path));
    const index = await indexTar(path, path, defaultLimits, AbortSignal.any([]), sniffedMembers);
    return members.every((member) => index.has(member));
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

async function beginsWithHeader(path: string): Promise<boolean> {
  const block = await firstBlock(path, path, defaultLimits);
  return block.length === blockSize && parseHeader(block).name !== "";
}
