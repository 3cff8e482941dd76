import { byteStringFromText } from "../../packages/deadweight/src/lib/byte-string.ts";
import type { TarRecord } from "../../packages/deadweight/src/archive/tar-writer.ts";

/** One entry of a layer that is to be made. */
export interface DemoEntry {
  /** Without leading slash. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "hardlink";
  readonly mode: number;
  readonly owner: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Where a link leads. */
  readonly link?: string;
  /** A file of this machine whose content it has, and how many bytes of it. */
  readonly source?: { readonly path: string; readonly size: number };
  readonly content?: Uint8Array;
}

/** When the image was built, as far as it says. */
export const builtAt: number = Date.UTC(2026, 1, 3, 9, 30) / 1000;

const typeflags = { file: "0", hardlink: "1", symlink: "2", directory: "5" } as const;

/** An entry as the archive's writer takes it. */
export function recordOf(entry: DemoEntry): TarRecord {
  return {
    typeflag: typeflags[entry.type],
    name: byteStringFromText(entry.type === "directory" ? `${entry.path}/` : entry.path),
    size: contentBytes(entry),
    mode: entry.mode,
    uid: entry.owner,
    gid: entry.owner,
    mtime: entry.mtime,
    ...(entry.link === undefined ? {} : { linkname: byteStringFromText(entry.link) }),
  };
}

/** The size of the content, in bytes. */
export function contentBytes(entry: DemoEntry): number {
  return entry.source?.size ?? entry.content?.length ?? 0;
}

/** A small file with this content. */
export function fileEntry(path: string, content: string | Uint8Array, mode = 0o644): DemoEntry {
  return {
    path,
    type: "file",
    mode,
    owner: 0,
    mtime: builtAt,
    content: typeof content === "string" ? Buffer.from(content) : content,
  };
}

/** A symbolic link. */
export function linkEntry(path: string, link: string): DemoEntry {
  return { path, type: "symlink", mode: 0o777, owner: 0, mtime: builtAt, link };
}

/** Each path once, and before each entry the folders above it. */
export function withFolders(entries: Iterable<DemoEntry>): readonly DemoEntry[] {
  const byPath = new Map<string, DemoEntry>();
  for (const entry of entries) {
    for (let slash = entry.path.indexOf("/"); slash > 0; slash = entry.path.indexOf("/", slash + 1)) {
      const path = entry.path.slice(0, slash);
      if (!byPath.has(path)) byPath.set(path, { path, type: "directory", mode: 0o755, owner: 0, mtime: builtAt });
    }
    if (!byPath.has(entry.path)) byPath.set(entry.path, entry);
  }
  return [...byPath.values()];
}
