import { realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { UserError } from "../../lib/user-error.ts";
import { fileError } from "../../lib/file-error.ts";
import type { FilePart, LayoutFiles } from "./layout-files.ts";

/** The files of a layout in a folder. Links are followed inside the folder alone, those below `blobs` inside `blobs`. */
export function folderFiles(folder: string): LayoutFiles {
  const place = `oci folder ${JSON.stringify(folder)}`;
  const locate = async (path: string): Promise<FilePart | undefined> => {
    const real = await realPath(join(folder, path), `${place}: ${path}`);
    if (real === undefined) return undefined;
    const within = join(await realpath(folder), path.startsWith("blobs/") ? "blobs" : "");
    if (!real.startsWith(within + sep)) {
      throw new UserError("unreadable", `${place}: ${path}: a link that leads out of the layout`, {
        hint: "copy the layout with its links resolved, for instance with cp -rL",
      });
    }
    const found = await stat(real);
    // Opening a pipe would wait for ever.
    if (!found.isFile()) throw new UserError("unreadable", `${place}: ${path}: not a regular file`);
    return { kind: "file", path: real, offset: 0, size: found.size };
  };
  return { place, locate };
}

async function realPath(path: string, what: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    const readable = fileError(error, what);
    if (readable instanceof UserError && readable.code === "not-found") return undefined;
    throw readable;
  }
}
