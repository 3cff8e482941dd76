import type { Limits } from "../archive/limits.ts";
import type { Want } from "../contracts/cataloger.ts";
import { UserError } from "../lib/user-error.ts";
import type { Image, Layer } from "../model/image.ts";
import type { LayerIndex } from "../model/layer-index.ts";
import type { ProgressEvent } from "../model/progress.ts";
import type { LayerCache } from "./layer-cache.ts";
import { checkLayer, createLayerReader, differentDiffId, readersFor, type LayerReader } from "./layer-reader.ts";
import { sideBySide } from "./side-by-side.ts";

export interface ReadLayersOptions {
  readonly patterns: readonly Want[];
  readonly limits: Limits;
  readonly spoolFolder: string;
  /** Whether indexes get `programs`; what the cache has must be of the same kind. */
  readonly programs?: boolean;
  /** Whether memory matters more than time: what was made of an image is in memory as well. Not when absent. */
  readonly isSparing?: boolean;
  readonly signal: AbortSignal;
  readonly cache: LayerCache | undefined;
  readonly onProgress: (event: ProgressEvent) => void;
}

/**
 * The indexes of all layers, lowest first. Each blob is read once, the largest first, several side by side, and checked: digest,
 * size and diffId. What the cache knows is not read again. Throws UserError that names the layer.
 */
export async function readLayers(image: Image, options: ReadLayersOptions): Promise<readonly LayerIndex[]> {
  const found = new Map<string, LayerIndex>();
  const missing: Layer[] = [];
  for (const layer of new Map(image.layers.map((layer) => [keyOf(layer), layer])).values()) {
    const index = options.cache?.get(keyOf(layer), options.spoolFolder);
    if (index !== undefined && index.diffId === layer.diffId) found.set(keyOf(layer), index);
    else missing.push(layer);
  }
  if (found.size > 0)
    options.onProgress({ kind: "note", text: `${found.size} of ${found.size + missing.length} layers known from the cache` });
  missing.sort((one, other) => other.blob.size - one.blob.size);
  const readers = readersFor(missing.length, options.isSparing);
  await sideBySide(readers, options.signal, (signal) => readQueue(missing, found, { ...options, signal }));
  return image.layers.map((layer) => indexFor(layer, found));
}

/** A blob by what names its bytes. Where the store gives no digest, diffId and size do: such blobs are not compressed. */
function keyOf(layer: Layer): string {
  return layer.digest ?? `${layer.diffId} ${layer.blob.size}`;
}

function indexFor(layer: Layer, found: ReadonlyMap<string, LayerIndex>): LayerIndex {
  const index = found.get(keyOf(layer));
  if (index === undefined) throw new Error(`layer ${layer.index} was not read`);
  // The blob was checked against one layer; where an image has it twice, the config may lie about the other.
  if (index.diffId !== layer.diffId) throw inLayer(layer, differentDiffId(index.diffId, layer.diffId));
  return index;
}

/** Takes layers off the queue until it is empty. */
async function readQueue(queue: Layer[], found: Map<string, LayerIndex>, options: ReadLayersOptions): Promise<void> {
  if (queue.length === 0) return;
  const reader = createLayerReader(options);
  try {
    for (let layer = queue.shift(); layer !== undefined; layer = queue.shift()) {
      const index = await readLayer(reader, layer, options);
      found.set(keyOf(layer), index);
      options.cache?.put(keyOf(layer), index);
    }
  } finally {
    await reader.close();
  }
}

async function readLayer(reader: LayerReader, layer: Layer, options: ReadLayersOptions): Promise<LayerIndex> {
  const id = `layer-${layer.index}`;
  const total = layer.blob.size;
  options.onProgress({ kind: "start", id, label: `layer ${layer.index} ${(layer.digest ?? layer.diffId).slice(7, 19)}`, total });
  try {
    const index = await reader.read(layer.blob, (done) => options.onProgress({ kind: "advance", id, done, total }));
    checkLayer(index, { digest: layer.digest, diffId: layer.diffId, size: total });
    options.onProgress({ kind: "end", id });
    return index;
  } catch (error) {
    throw error instanceof UserError ? inLayer(layer, error) : error;
  }
}

/** The error with the layer's name. */
export function inLayer(layer: Layer, error: UserError): UserError {
  const { code, hint, exitCode } = error;
  return new UserError(code, `layer ${layer.index} (${layer.digest ?? layer.diffId}): ${error.message}`, {
    cause: error,
    exitCode,
    ...(hint === undefined ? {} : { hint }),
  });
}
