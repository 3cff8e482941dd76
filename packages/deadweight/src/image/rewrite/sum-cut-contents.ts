import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { Limits } from "../../archive/limits.ts";
import type { EntryEdit } from "../../contracts/transform.ts";
import type { Image, Layer } from "../../model/image.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import type { ProgressEvent } from "../../model/progress.ts";
import type { FilePart } from "./blob-pieces.ts";
import { spanOf } from "./entry-span.ts";
import { createLayerRewriter, type LayerRewriter } from "./layer-rewriter.ts";
import type { NewContentSum, NewContentSums, SummedFile } from "./new-content-sums.ts";
import { packPieces } from "./packed-pieces.ts";
import { localBlob } from "./rewrite-layers.ts";

export interface SumOptions {
  readonly limits: Limits;
  /** Where blobs go that come as streams: they are read from there once more when they are rewritten. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (event: ProgressEvent) => void;
}

/** Sums of all contents that edits cut, and the image with blobs of those layers in files. */
export interface SummedContents {
  readonly sums: NewContentSums;
  readonly image: Image;
}

/**
 * Reads the layers once more that have files whose content edits cut, up to the last one of each, and sums what these files will be:
 * apart from what writes them, so that the two can be compared. Throws UserError `corrupt-layer`, `no-space`.
 */
export async function sumCutContents(
  image: Image,
  layers: readonly LayerIndex[],
  edits: ReadonlyMap<number, EntryEdit>,
  options: SumOptions,
): Promise<SummedContents> {
  const folder = await mkdtemp(join(options.folder, "sum-"));
  const sums = new Map<number, NewContentSum>();
  const local: Layer[] = [];
  const rewriter = createLayerRewriter({ ...options, threads: 0 });
  let first = 0;
  try {
    for (const layer of image.layers) {
      const index = layers[layer.index];
      const summed = index === undefined ? [] : summedFiles(index, first, edits);
      first += index?.count ?? 0;
      if (index === undefined || summed.length === 0) {
        local.push(layer);
        continue;
      }
      const { found, source } = await sumLayer(rewriter, { layer, index, summed }, { ...options, folder });
      for (const [entry, sum] of found) sums.set(entry, sum);
      local.push({ ...layer, blob: { kind: "file", ...source } });
    }
  } finally {
    await rewriter.close();
  }
  return { sums, image: { ...image, layers: local } };
}

interface SumTask {
  readonly layer: Layer;
  readonly index: LayerIndex;
  readonly summed: readonly SummedFile[];
}

async function sumLayer(
  rewriter: LayerRewriter,
  { layer, index, summed }: SumTask,
  options: SumOptions,
): Promise<{ readonly found: NewContentSums; readonly source: FilePart }> {
  const id = `sum-${layer.index}`;
  const total = layer.blob.size;
  options.onProgress({ kind: "start", id, label: `sum layer ${layer.index} ${index.digest.slice(7, 19)}`, total });
  const source = await localBlob(layer, options);
  const onProgress = (done: number): void => options.onProgress({ kind: "advance", id, done, total });
  const found = await rewriter.sum({ source, tarBytes: index.tarBytes, summed }, onProgress);
  options.onProgress({ kind: "end", id });
  return { found, source };
}

/** The files of a layer with entry numbers of the whole image, in the order of the archive. */
function summedFiles(index: LayerIndex, first: number, edits: ReadonlyMap<number, EntryEdit>): readonly SummedFile[] {
  return [...edits]
    .filter(([entry]) => entry >= first && entry < first + index.count)
    .flatMap(([entry, edit]): SummedFile[] => {
      if (edit.action !== "cut-content") return [];
      const { start, headerBytes } = spanOf(index, entry - first);
      const contentBytes = index.storedSize[entry - first] ?? 0;
      return [{ entry, contentStart: start + headerBytes, contentBytes, pieces: packPieces(edit.pieces) }];
    })
    .sort((one, other) => one.contentStart - other.contentStart);
}
