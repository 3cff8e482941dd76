import { lstat, readdir, readlink, stat } from "node:fs/promises";
import { byteStringOf, bytesOf, textOf, type ByteString } from "../lib/byte-string.ts";
import { fileError } from "../lib/file-error.ts";
import { UserError } from "../lib/user-error.ts";

/** What of a build context is sent. Paths are relative to it, with `/`. */
export interface ContextFilter {
  readonly keeps: (path: string) => boolean;
  /** Whether something below a folder may be kept though the folder is not. */
  readonly mayKeepBelow: (path: string) => boolean;
}

/** A file, folder or link of a build context. */
export interface ContextEntry {
  /** Relative to the context. */
  readonly path: ByteString;
  /** Where it is on this machine, in the bytes that its names have. */
  readonly place: Uint8Array;
  readonly kind: "file" | "folder" | "link";
  readonly mode: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Of a file, when the folder was read. */
  readonly size: number;
  readonly linkTarget?: ByteString;
}

const mostDepth = 256;

/** The entries of a folder that a filter keeps, sorted by name, folders before what is in them. Throws UserError for what can't be read. */
export async function* contextEntries(
  folder: string,
  filter: ContextFilter,
  onSkipped: (path: string) => void,
): AsyncIterable<ContextEntry> {
  const found = await stat(folder).catch((error: unknown) => {
    throw fileError(error, `build context ${folder}`);
  });
  if (!found.isDirectory()) throw new UserError("unreadable", `build context ${folder}: is no folder`, { exitCode: 2 });
  yield* entriesBelow({ place: Buffer.from(folder), path: "", depth: 0 }, { filter, onSkipped });
}

interface Walk {
  readonly filter: ContextFilter;
  readonly onSkipped: (path: string) => void;
}

async function* entriesBelow(
  { place, path, depth }: { readonly place: Uint8Array; readonly path: ByteString; readonly depth: number },
  walk: Walk,
): AsyncIterable<ContextEntry> {
  if (depth > mostDepth)
    throw new UserError("unreadable", `build context: ${textOf(path)} is nested deeper than ${mostDepth} folders`);
  const names = await readdir(Buffer.from(place), { encoding: "buffer" }).catch((error: unknown) => {
    throw fileError(error, `build context: ${textOf(path) || "."}`);
  });
  for (const name of names.map((bytes) => byteStringOf(bytes)).sort()) {
    const below = path === "" ? name : `${path}/${name}`;
    const entry = await entryAt(below, Buffer.concat([place, Buffer.from("/"), bytesOf(name)]), walk);
    if (entry === undefined) continue;
    if (walk.filter.keeps(textOf(below))) yield entry;
    else if (entry.kind !== "folder" || !walk.filter.mayKeepBelow(textOf(below))) continue;
    if (entry.kind === "folder") yield* entriesBelow({ place: entry.place, path: below, depth: depth + 1 }, walk);
  }
}

/** Sockets, pipes and devices can't be sent. */
async function entryAt(path: ByteString, place: Buffer, { onSkipped }: Walk): Promise<ContextEntry | undefined> {
  try {
    const found = await lstat(place);
    const common = { path, place, mode: found.mode % 0o10000, mtime: Math.floor(found.mtimeMs / 1000), size: 0 };
    if (found.isFile()) return { ...common, kind: "file", size: found.size };
    if (found.isDirectory()) return { ...common, kind: "folder" };
    if (found.isSymbolicLink()) {
      return { ...common, kind: "link", linkTarget: byteStringOf(await readlink(place, { encoding: "buffer" })) };
    }
    onSkipped(textOf(path));
    return undefined;
  } catch (error) {
    throw fileError(error, `build context: ${textOf(path)}`);
  }
}
