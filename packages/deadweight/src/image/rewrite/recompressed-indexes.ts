import type { Limits } from "../../archive/limits.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Image, Layer } from "../../model/image.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import type { ProgressEvent } from "../../model/progress.ts";
import { checkLayer, readersFor } from "../layer-reader.ts";
import { inLayer } from "../read-layers.ts";
import { createLayerRewriter, type LayerRewriter } from "./layer-rewriter.ts";
import { sideBySide } from "../side-by-side.ts";

export interface RecompressedOptions {
  readonly limits: Limits;
  readonly signal: AbortSignal;
  readonly onProgress: (event: ProgressEvent) => void;
}

/**
 * Indexes of layers that are only compressed otherwise than known ones. Each blob is read again and must have its digest and the known
 * diffId: then all in it is the same, and is not looked at. Throws UserError `corrupt-layer`, `digest-mismatch`.
 */
export async function recompressedIndexes(
  image: Image,
  known: readonly LayerIndex[],
  options: RecompressedOptions,
): Promise<readonly LayerIndex[]> {
  const digests = new Set(known.map(({ digest }) => digest));
  const byDiffId = new Map(known.map((index) => [index.diffId, index]));
  const layers = new Map(image.layers.map((layer) => [layer.digest, layer]));
  const tasks = [...layers.values()]
    .filter(({ digest, blob }) => blob.kind === "file" && digest !== undefined && !digests.has(digest))
    .flatMap((layer) => {
      const index = byDiffId.get(layer.diffId);
      return index === undefined ? [] : [{ layer, index }];
    })
    .sort((one, other) => other.index.tarBytes - one.index.tarBytes);
  if (tasks.length === 0) return [];
  const found: LayerIndex[] = [];
  const workers = Math.min(readersFor(tasks.length), tasks.length);
  await sideBySide(workers, options.signal, (signal) => checkQueue(tasks, found, { ...options, signal }));
  return found;
}

interface CheckTask {
  readonly layer: Layer;
  readonly index: LayerIndex;
}

/** Takes layers off the queue until it is empty. */
async function checkQueue(queue: CheckTask[], found: LayerIndex[], options: RecompressedOptions): Promise<void> {
  const rewriter = createLayerRewriter({ ...options, threads: 0 });
  try {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) found.push(await checkTask(rewriter, task, options));
  } finally {
    await rewriter.close();
  }
}

async function checkTask(
  rewriter: LayerRewriter,
  { layer, index }: CheckTask,
  { onProgress }: RecompressedOptions,
): Promise<LayerIndex> {
  const { blob, digest, diffId } = layer;
  if (blob.kind !== "file") throw new RangeError(`layer ${layer.index} is in no file`);
  const id = `check-${layer.index}`;
  const total = blob.size;
  onProgress({ kind: "start", id, label: `check layer ${layer.index} ${(digest ?? diffId).slice(7, 19)}`, total });
  try {
    const made = await rewriter.check({ checked: blob, tarBytes: index.tarBytes }, (done) =>
      onProgress({ kind: "advance", id, done, total }),
    );
    const checked = { ...index, ...made, compressedBytes: total };
    checkLayer(checked, { digest, diffId, size: total });
    onProgress({ kind: "end", id });
    return checked;
  } catch (error) {
    throw error instanceof UserError ? inLayer(layer, error) : error;
  }
}
