import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import type { CapturedFile } from "../model/layer-index.ts";

/** Up to this size a wanted file is kept in memory. */
const inMemoryBytes = 1024 * 1024;

/** Keeps the first bytes of one file. */
export interface ContentKeeper {
  readonly write: (piece: Uint8Array) => void;
  readonly finish: () => CapturedFile;
  readonly discard: () => void;
}

/** Keeps `bytes` of entry number `entry`: in memory, or in a file of its own in `spoolFolder` when they are many. */
export function createContentKeeper(entry: number, bytes: number, spoolFolder: string | undefined): ContentKeeper {
  return bytes > inMemoryBytes && spoolFolder !== undefined ? spooling(entry, bytes, spoolFolder) : remembering(entry, bytes);
}

function remembering(entry: number, bytes: number): ContentKeeper {
  const kept = new Uint8Array(bytes);
  let length = 0;
  return {
    write: (piece) => {
      const part = piece.subarray(0, bytes - length);
      kept.set(part, length);
      length += part.length;
    },
    finish: () => ({ entry, bytes: kept }),
    discard: () => {},
  };
}

function spooling(entry: number, bytes: number, spoolFolder: string): ContentKeeper {
  const path = join(spoolFolder, randomUUID());
  const file = openSync(path, "wx", 0o600);
  let length = 0;
  return {
    write: (piece) => {
      const part = piece.subarray(0, bytes - length);
      for (let at = 0; at < part.length;) at += writeSync(file, part, at);
      length += part.length;
    },
    finish: () => {
      closeSync(file);
      return { entry, spooled: path };
    },
    discard: () => {
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}
