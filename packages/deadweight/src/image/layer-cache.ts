import { randomUUID } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { freeBytes } from "../lib/free-bytes.ts";
import type { CapturedFile, LayerIndex } from "../model/layer-index.ts";
import type { CacheDatabase } from "./cache-database.ts";
import { fromPlain, toPlain, type PlainLayerIndex } from "./layer-index-codec.ts";

/** Remembers what layers hold, so that an image which shares layers with an earlier one is read only where it differs. */
export interface LayerCache {
  /** The index of a layer; undefined when it is not there or can't be read. */
  readonly get: (key: string, spoolFolder: string) => LayerIndex | undefined;
  readonly put: (key: string, index: LayerIndex) => void;
  readonly close: () => void;
}

/** Wanted files of more bytes than this in one layer are not worth keeping twice. */
const mostCapturedBytes = 256 * 1024 * 1024;
/** Larger ones go back to a file when they are read. */
const inMemoryBytes = 1024 * 1024;

/** The layers of a cache; closing it closes the cache. */
export function layerCacheIn(database: CacheDatabase): LayerCache {
  return {
    get: (key, spoolFolder) => database.get(key, (value) => decode(value, spoolFolder)),
    put: (key, index) => {
      if (capturedBytes(index) <= mostCapturedBytes) database.put(key, () => encode(index));
    },
    close: database.close,
  };
}

function capturedBytes(index: LayerIndex): number {
  return index.captures.reduce(
    (total, { bytes, spooled }) => total + (bytes?.length ?? (spooled === undefined ? 0 : statSync(spooled).size)),
    0,
  );
}

function encode(index: LayerIndex): Uint8Array {
  const captures = index.captures.map((capture): CapturedFile => {
    return { entry: capture.entry, bytes: capture.bytes ?? readFileSync(capture.spooled ?? "") };
  });
  const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };
  const plain = serialize({ ...toPlain(index), captures });
  try {
    return zstdCompressSync(plain, { params });
  } finally {
    freeBytes(plain);
  }
}

function decode(value: Uint8Array, spoolFolder: string): LayerIndex {
  const plain = deserialize(zstdDecompressSync(value)) as PlainLayerIndex;
  const captures = plain.captures.map((capture): CapturedFile => {
    if (capture.bytes === undefined || capture.bytes.length <= inMemoryBytes) return capture;
    const spooled = join(spoolFolder, randomUUID());
    writeFileSync(spooled, capture.bytes, { mode: 0o600, flag: "wx" });
    return { entry: capture.entry, spooled };
  });
  return { ...fromPlain(plain), captures };
}
