import { createHash } from "node:crypto";
import { defaultLimits } from "../../src/archive/limits.ts";
import { TarReader, type TarEntry } from "../../src/archive/tar-reader.ts";
import { UserError } from "../../src/lib/user-error.ts";

/** What an archive holds, as the reader tells it, with the content's hash. */
export interface ReadEntry extends TarEntry {
  readonly sha256: string;
}

export interface Reading {
  readonly entries: readonly ReadEntry[];
  /** Empty when the archive was read to its end. */
  readonly error: string;
}

/** Reads an archive, given in pieces of `pieceSizes` in turn. Only a UserError counts as a verdict. */
export function readTar(archive: Uint8Array, pieceSizes: readonly number[] = [archive.length]): Reading {
  const entries: ReadEntry[] = [];
  let current: TarEntry | undefined;
  let hash = createHash("sha256");
  const reader = new TarReader(
    {
      entry: (entry) => {
        current = entry;
        hash = createHash("sha256");
      },
      content: (piece) => hash.update(piece),
      endEntry: () => {
        if (current !== undefined) entries.push({ ...current, sha256: hash.digest("hex") });
      },
    },
    defaultLimits,
  );
  try {
    for (let at = 0, turn = 0; at < archive.length; turn++) {
      const size = Math.max(1, pieceSizes[turn % pieceSizes.length] ?? 1);
      reader.write(archive.subarray(at, at + size));
      at += size;
    }
    reader.end();
    return { entries, error: "" };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { entries, error: error.message };
  }
}
