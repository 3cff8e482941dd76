import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultLimits, type Limits } from "../../src/archive/limits.ts";
import type { Want } from "../../src/contracts/cataloger.ts";
import { createLayerReader, type LayerReader } from "../../src/image/layer-reader.ts";
import type { BlobBytes } from "../../src/model/image.ts";
import type { LayerIndex } from "../../src/model/layer-index.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();

/** A reader with its two threads, for tests; close it. */
export function readerFor(
  options: { limits?: Partial<Limits>; wants?: readonly Want[]; signal?: AbortSignal; spoolFolder?: string } = {},
): LayerReader {
  return createLayerReader({
    patterns: options.wants ?? [],
    limits: { ...defaultLimits, ...options.limits },
    spoolFolder: options.spoolFolder ?? folder,
    signal: options.signal ?? new AbortController().signal,
  });
}

/** The index of one blob, by a reader of its own. */
export async function readBlob(blob: BlobBytes, options: Parameters<typeof readerFor>[0] = {}): Promise<LayerIndex> {
  const reader = readerFor(options);
  try {
    return await reader.read(blob);
  } finally {
    await reader.close();
  }
}

/** The bytes in the middle of a file, as a layer in an archive is. */
export function fileBlob(bytes: Uint8Array): BlobBytes & { readonly kind: "file" } {
  const path = join(mkdtempSync(join(folder, "blob-")), "file");
  writeFileSync(path, Buffer.concat([Buffer.from("before"), bytes, Buffer.from("after")]));
  return { kind: "file", path, offset: 6, size: bytes.length };
}

/** The bytes as a stream of pieces of these sizes, in turn. */
export function streamBlob(bytes: Uint8Array, sizes: readonly number[] = [65_536]): BlobBytes & { readonly kind: "stream" } {
  const open = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const size = sizes[turn % sizes.length] ?? 1;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  };
  return { kind: "stream", size: bytes.length, open };
}
