import { blockSize } from "../../archive/tar-header.ts";
import { encodeHeader } from "../../archive/tar-writer.ts";
import type { ByteString } from "../../lib/byte-string.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import { xattrRecords, type Attributes } from "./change-header.ts";

const none: ReadonlyMap<string, ByteString> = new Map();

/** Where an entry stands in the uncompressed layer: its headers, then content and padding up to `end`. */
export interface EntrySpan {
  readonly start: number;
  readonly headerBytes: number;
  readonly end: number;
}

/** The span of an entry. A sparse file's map counts as header. */
export function spanOf(layer: LayerIndex, entry: number): EntrySpan {
  const start = layer.starts[entry] ?? 0;
  const end = layer.starts[entry + 1] ?? start;
  // The padding behind the last content may be missing, so whole blocks are counted from the front.
  const beforeContent = end - start - (layer.storedSize[entry] ?? 0);
  return { start, headerBytes: beforeContent - (beforeContent % blockSize), end };
}

/** The path of an entry, without leading slash; of a marker, that of what it hides. */
export function pathOf(layer: LayerIndex, entry: number): ByteString {
  return layer.paths.path(layer.path[entry] ?? 0);
}

/** Owner, mode, time and extended attributes of an entry. */
export function attributesOf(layer: LayerIndex, entry: number): Attributes {
  return {
    mode: layer.mode[entry] ?? 0,
    uid: layer.uid[entry] ?? 0,
    gid: layer.gid[entry] ?? 0,
    mtime: layer.mtime[entry] ?? 0,
    xattrs: layer.xattrs.get(entry) ?? none,
  };
}

/** Header blocks of a folder. */
export function folderHeader(path: ByteString, attributes: Attributes): Uint8Array {
  const { mode, uid, gid, mtime } = attributes;
  return encodeHeader({ typeflag: "5", name: `${path}/`, mode, uid, gid, mtime, pax: new Map(xattrRecords(attributes)) });
}

/** Header blocks of a hard link to a file of the same layer, with the file's attributes. */
export function linkHeader(path: ByteString, target: ByteString, attributes: Attributes): Uint8Array {
  const { mode, uid, gid, mtime } = attributes;
  const pax = new Map(xattrRecords(attributes));
  return encodeHeader({ typeflag: "1", name: path, linkname: target, mode, uid, gid, mtime, pax });
}

/** Header blocks of a file without content: a whiteout or an opaque marker. */
export function markerHeader(path: ByteString, mtime: number): Uint8Array {
  return encodeHeader({ typeflag: "0", name: path, mode: 0, mtime });
}
