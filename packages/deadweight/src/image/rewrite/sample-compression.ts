import { constants, deflateRawSync, zstdCompressSync } from "node:zlib";
import type { Limits } from "../../archive/limits.ts";
import type { BlobBytes } from "../../model/image.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import { decodedPieces, filePieces } from "./blob-pieces.ts";
import type { Compressed } from "./compress-blocks.ts";

/** How much of a layer is compressed to see, and how far into it that is at most. */
const sampleBytes = 6 * 1024 * 1024;
const mostSkippedBytes = 48 * 1024 * 1024;

/**
 * What a layer's content would take when it is compressed anew, as a share of what it takes: by a sample from within it. 1 where it can't be
 * told without fetching it. Throws UserError `corrupt-layer`.
 */
export function sampleCompression(blob: BlobBytes, layer: LayerIndex, how: Compressed, limits: Limits): number {
  if (blob.kind !== "file" || (layer.compression === "none" && how.kind === "none")) return 1;
  const start = Math.min(Math.max(0, Math.floor((layer.tarBytes - sampleBytes) / 2)), mostSkippedBytes);
  const sample = contentAt(decodedPieces(filePieces(blob), layer.tarBytes, limits), start);
  const before = compressedPlace(layer, start + sample.length) - compressedPlace(layer, start);
  if (before <= 0) return 1;
  return compressedSize(sample, how) / before;
}

function compressedSize(sample: Uint8Array, { kind, level }: Compressed): number {
  if (kind === "none") return sample.length;
  if (kind === "gzip") return deflateRawSync(sample, { level }).length;
  return zstdCompressSync(sample, { params: { [constants.ZSTD_c_compressionLevel]: level } }).length;
}

function contentAt(pieces: Iterable<Uint8Array>, start: number): Buffer {
  const found: Uint8Array[] = [];
  let place = 0;
  for (const piece of pieces) {
    const end = place + piece.length;
    if (end > start) found.push(piece.slice(Math.max(0, start - place), start + sampleBytes - place));
    place = end;
    if (place >= start + sampleBytes) break;
  }
  return Buffer.concat(found);
}

/** How much of the blob stands for the uncompressed bytes up to a place. */
function compressedPlace({ starts, compressedStarts, count, tarBytes, compressedBytes }: LayerIndex, place: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  const [start, from] = [starts[low] ?? 0, compressedStarts[low] ?? 0];
  const [end, to] = low < count ? [starts[low + 1] ?? 0, compressedStarts[low + 1] ?? 0] : [tarBytes, compressedBytes];
  return end <= start ? from : from + ((to - from) * (place - start)) / (end - start);
}
