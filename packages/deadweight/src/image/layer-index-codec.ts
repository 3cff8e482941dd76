import { PathTable, type PathTableData } from "../model/path-table.ts";
import type { LayerIndex } from "../model/layer-index.ts";

/** A layer index as plain arrays and maps: what crosses between threads and what the cache keeps. */
export type PlainLayerIndex = Omit<LayerIndex, "paths"> & { readonly paths: PathTableData };

/** The index with its path table as arrays. */
export function toPlain(index: LayerIndex): PlainLayerIndex {
  return { ...index, paths: index.paths.data() };
}

/** The index with its path table for look-ups. */
export function fromPlain(plain: PlainLayerIndex): LayerIndex {
  return { ...plain, paths: PathTable.from(plain.paths) };
}

/** The memory that can be handed to another thread instead of being copied. */
export function transferables(plain: PlainLayerIndex): ArrayBuffer[] {
  const columns = [
    plain.path,
    plain.type,
    plain.mode,
    plain.uid,
    plain.gid,
    plain.mtime,
    plain.size,
    plain.storedSize,
    plain.starts,
    plain.compressedStarts,
    plain.hashes,
    plain.linkNode,
    plain.paths.parents,
    plain.paths.nameStarts,
    plain.paths.names,
    ...plain.captures.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes])),
  ];
  return columns.map((column) => column.buffer as ArrayBuffer);
}
