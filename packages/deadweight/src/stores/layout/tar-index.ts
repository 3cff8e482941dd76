import { open, type FileHandle } from "node:fs/promises";
import type { Limits } from "../../archive/limits.ts";
import { TarReader, type TarEntry } from "../../archive/tar-reader.ts";
import type { ByteString } from "../../lib/byte-string.ts";
import { UserError } from "../../lib/user-error.ts";
import { fileError } from "../../lib/file-error.ts";
import { memberPath } from "./member-path.ts";

/** A member of an archive that can be looked up: where a file's content is, or the name that a link leads to. */
export type TarMember =
  | { readonly kind: "file"; readonly offset: number; readonly size: number }
  | { readonly kind: "link"; readonly target: ByteString | undefined }
  | { readonly kind: "other"; readonly what: string };

/** Members by path, those of the same path in the order of the archive. */
export type TarIndex = ReadonlyMap<ByteString, readonly TarMember[]>;

const windowBytes = 8 * 1024;
/** Headers that describe the next one can follow each other without end: more than these are refused. */
const maxGapBytes = 16 * 1024 * 1024;

/**
 * Reads the headers of an archive and skips its content. Throws UserError `unreadable`, beginning with `place`, for a damaged or
 * cut off archive and for one of more than `maxMembers`.
 */
export async function indexTar(
  path: string,
  place: string,
  limits: Limits,
  signal: AbortSignal,
  maxMembers: number = limits.archiveMembers,
): Promise<TarIndex> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw fileError(error, place);
  });
  try {
    return await walk(file, limits, signal, maxMembers);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError("unreadable", `${place}: ${error.message}`, { cause: error });
  } finally {
    await file.close();
  }
}

async function walk(file: FileHandle, limits: Limits, signal: AbortSignal, maxMembers: number): Promise<TarIndex> {
  const { size } = await file.stat();
  const index = new Map<ByteString, TarMember[]>();
  let members = 0;
  const take = (entry: TarEntry): void => {
    if (++members > maxMembers) throw new UserError("unreadable", `tar: more than ${maxMembers} members`);
    if (entry.contentStart + entry.storedSize > size) throw cutOff(entry, size);
    addMember(index, entry);
  };
  const reader = new TarReader({ entry: take, content: () => {}, endEntry: () => {} }, limits);
  const buffer = Buffer.allocUnsafe(windowBytes);
  for (let offset = 0; offset < size && !reader.ended;) {
    signal.throwIfAborted();
    if (offset - reader.endOfEntries > maxGapBytes)
      throw new UserError("unreadable", `tar: ${maxGapBytes} bytes of headers alone`);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    if (bytesRead === 0) break;
    reader.write(buffer.subarray(0, bytesRead));
    offset += bytesRead + skipContent(reader);
  }
  reader.end();
  return index;
}

function skipContent(reader: TarReader): number {
  const count = reader.skippable;
  if (count > 0) reader.skip(count);
  return count;
}

function addMember(index: Map<ByteString, TarMember[]>, entry: TarEntry): void {
  const path = memberPath(entry.name);
  if (path === undefined || path === "") return;
  const others = index.get(path);
  if (others === undefined) index.set(path, [memberOf(entry, path)]);
  else others.push(memberOf(entry, path));
}

function memberOf(entry: TarEntry, path: ByteString): TarMember {
  if (entry.sparse !== undefined) return { kind: "other", what: "a sparse file" };
  switch (entry.typeflag) {
    case "0":
    case "7":
      return { kind: "file", offset: entry.contentStart, size: entry.storedSize };
    case "1":
      return { kind: "link", target: memberPath(entry.linkname) };
    case "2":
      return { kind: "link", target: symlinkTarget(path, entry.linkname) };
    case "5":
      return { kind: "other", what: "a folder" };
    default:
      return { kind: "other", what: "no regular file" };
  }
}

/** The member that a symlink leads to; an absolute one leads out of the archive. */
function symlinkTarget(path: ByteString, target: ByteString): ByteString | undefined {
  return target.startsWith("/") ? undefined : memberPath(target, path.slice(0, Math.max(path.lastIndexOf("/"), 0)));
}

function cutOff(entry: TarEntry, size: number): UserError {
  return new UserError("unreadable", `tar: the archive ends at byte ${size}, inside a file of ${entry.storedSize} bytes`);
}
