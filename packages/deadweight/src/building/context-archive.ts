import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { encodeHeader, endOfArchive, padded } from "../archive/tar-writer.ts";
import { blockSize } from "../archive/tar-header.ts";
import { byteStringFromText, textOf } from "../lib/byte-string.ts";
import { fileError } from "../lib/file-error.ts";
import { UserError } from "../lib/user-error.ts";
import { contextEntries, type ContextEntry, type ContextFilter } from "./context-entries.ts";

/** What a builder is sent. */
export interface ContextPlan {
  readonly folder: string;
  readonly filter: ContextFilter;
  /** Texts that take the place of what is at a path of the context, or are sent beside it: the Dockerfile. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Counts what was sent. */
export interface ContextCount {
  files: number;
  bytes: number;
}

/**
 * A build context as a tar archive that is made while it is read: owned by root, times in whole seconds, as `docker build` sends it. A read
 * error ends the stream with a UserError.
 */
export function contextArchive(plan: ContextPlan, count: ContextCount, onSkipped: (path: string) => void): Readable {
  return Readable.from(archiveOf(plan, count, onSkipped), { objectMode: false });
}

async function* archiveOf(
  { folder, filter, texts }: ContextPlan,
  count: ContextCount,
  onSkipped: (path: string) => void,
): AsyncIterable<Uint8Array> {
  for await (const entry of contextEntries(folder, filter, onSkipped)) {
    if (texts.has(textOf(entry.path))) continue;
    yield headerOf(entry);
    if (entry.kind === "folder") continue;
    count.files++;
    if (entry.kind === "link") continue;
    yield* contentOf(entry);
    count.bytes += entry.size;
  }
  for (const [path, text] of texts) {
    const content = Buffer.from(text);
    // The time of a Dockerfile that COPY takes along shall not make two builds differ.
    yield encodeHeader({ typeflag: "0", name: byteStringFromText(path), size: content.length, mode: 0o644, mtime: 0 });
    yield padded(content);
    count.files++;
    count.bytes += content.length;
  }
  yield endOfArchive();
}

function headerOf({ path, kind, mode, mtime, size, linkTarget }: ContextEntry): Uint8Array {
  if (kind === "folder") return encodeHeader({ typeflag: "5", name: `${path}/`, mode, mtime });
  if (kind === "link") return encodeHeader({ typeflag: "2", name: path, linkname: linkTarget ?? "", mode: 0o777, mtime });
  return encodeHeader({ typeflag: "0", name: path, size, mode, mtime });
}

/** As many bytes as the header says: a file that is written meanwhile must not shift all that follows. */
async function* contentOf({ path, place, size }: ContextEntry): AsyncIterable<Uint8Array> {
  const what = `build context: ${textOf(path)}`;
  try {
    await using file = await open(Buffer.from(place), "r");
    let left = size;
    while (left > 0) {
      const piece = Buffer.allocUnsafe(Math.min(left, 256 * 1024));
      const { bytesRead } = await file.read(piece, 0, piece.length);
      if (bytesRead === 0) throw new UserError("unreadable", `${what}: became shorter while it was sent`);
      left -= bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  } catch (error) {
    throw fileError(error, what);
  }
  yield new Uint8Array((blockSize - (size % blockSize)) % blockSize);
}
