import type { Limits } from "../../archive/limits.ts";
import { TarReader, type TarEntry } from "../../archive/tar-reader.ts";
import { encodeHeader } from "../../archive/tar-writer.ts";
import type { ByteString } from "../../lib/byte-string.ts";
import { UserError } from "../../lib/user-error.ts";

/** What an inode has beside its type and content. */
export interface Attributes {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly xattrs: ReadonlyMap<string, ByteString>;
}

/** What becomes other in an entry's headers; plain data, for a message to a thread. Paths have no leading slash. */
export interface HeaderChange {
  readonly name?: ByteString;
  /** It is a hard link to this path from now on. */
  readonly linkname?: ByteString;
  /** It is a plain file with so many bytes from now on. */
  readonly size?: number;
  readonly attributes?: Attributes;
}

const xattrPrefix = "SCHILY.xattr.";
/** Records that the new header says anew, in itself or in records of its own. */
const saidAnew = new Set(["path", "linkpath", "uname", "gname", "uid", "gid", "size"]);

/**
 * The header blocks of an entry with a change: `raw` are its own, records and long names included. What is not changed is told
 * again, PAX records that are not known here too. A sparse file's map goes into the records, so that its content can follow.
 */
export function changeHeader(raw: Uint8Array, change: HeaderChange, limits: Limits): Uint8Array {
  const entry = entryOf(raw, limits);
  const { attributes } = change;
  const typeflag = typeOf(entry, change);
  const isSparse = entry.sparse !== undefined && typeflag === "0" && change.size === undefined;
  return encodeHeader({
    typeflag,
    name: change.name === undefined ? safeName(entry.name) : inStyleOf(entry.name, change.name),
    linkname:
      change.linkname === undefined
        ? typeflag === "1" || typeflag === "2"
          ? entry.linkname
          : ""
        : inStyleOf(entry.name, change.linkname),
    // W9: engines fail on a folder or link with a size.
    size: typeflag === "0" ? (change.size ?? entry.storedSize) : 0,
    mode: attributes?.mode ?? entry.mode,
    uid: attributes?.uid ?? entry.uid,
    gid: attributes?.gid ?? entry.gid,
    mtime: attributes?.mtime ?? entry.mtime,
    // Names are not known of other owners, and a wrong one is worse than none: extractors other than engines go by it.
    uname: attributes === undefined || attributes.uid === entry.uid ? entry.uname : "",
    gname: attributes === undefined || attributes.gid === entry.gid ? entry.gname : "",
    devmajor: entry.devmajor,
    devminor: entry.devminor,
    pax: new Map([...keptRecords(entry, attributes), ...xattrRecords(attributes), ...(isSparse ? sparseRecords(entry) : [])]),
  });
}

/** Extended attributes as PAX records. */
export function xattrRecords(attributes: Attributes | undefined): [string, ByteString][] {
  return [...(attributes?.xattrs ?? [])].map(([key, value]) => [`${xattrPrefix}${key}`, value]);
}

function entryOf(raw: Uint8Array, limits: Limits): TarEntry {
  const found: TarEntry[] = [];
  new TarReader({ entry: (entry) => found.push(entry), content: () => {}, endEntry: () => {} }, limits).write(raw);
  const [entry] = found;
  if (entry === undefined) throw new UserError("corrupt-layer", "rewrite: no header where the layer's index says one is");
  return entry;
}

function typeOf(entry: TarEntry, change: HeaderChange): string {
  if (change.linkname !== undefined) return "1";
  if (change.size !== undefined) return "0";
  // W11: engines refuse other types; readers take them for files.
  return /^[0-6]$/.test(entry.typeflag) ? entry.typeflag : "0";
}

function keptRecords(entry: TarEntry, attributes: Attributes | undefined): [string, ByteString][] {
  return [...entry.pax].filter(([key]) => {
    if (key.startsWith("GNU.sparse.") || saidAnew.has(key)) return false;
    // The number of `mtime` has not all digits of its record.
    if (key === "mtime") return attributes === undefined || attributes.mtime === entry.mtime;
    return attributes === undefined || !/^(?:SCHILY|LIBARCHIVE)\.xattr\./.test(key);
  });
}

/** GNU tar's PAX sparse format 0.1: the map is in the records alone. */
function sparseRecords({ size, sparse = [] }: TarEntry): [string, ByteString][] {
  return [
    ["GNU.sparse.major", "0"],
    ["GNU.sparse.minor", "1"],
    ["GNU.sparse.size", String(size)],
    ["GNU.sparse.numblocks", String(sparse.length)],
    ["GNU.sparse.map", sparse.map(({ offset, length }) => `${offset},${length}`).join(",")],
  ];
}

/** W9: no absolute names, none with `..`; any other as it is written. */
function safeName(name: ByteString): ByteString {
  if (!/^\/|(?:^|\/)\.\.(?:\/|$)/.test(name)) return name;
  const names: ByteString[] = [];
  for (const part of name.split("/")) {
    if (part === "..") names.pop();
    else if (part !== "" && part !== ".") names.push(part);
  }
  return names.length === 0 ? "./" : names.join("/") + (name.endsWith("/") ? "/" : "");
}

/** A path with `./` before it where the archive writes its names so. */
function inStyleOf(name: ByteString, path: ByteString): ByteString {
  return name.startsWith("./") ? `./${path}` : path;
}
