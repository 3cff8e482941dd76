import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Limits } from "../../archive/limits.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Layer } from "../../model/image.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import type { ProgressEvent } from "../../model/progress.ts";
import { readersFor } from "../layer-reader.ts";
import type { FilePart } from "./blob-pieces.ts";
import type { Compressed } from "./compress-blocks.ts";
import type { LayerCut } from "./layer-cut.ts";
import { diskError } from "./disk-error.ts";
import { createLayerRewriter, type LayerRewriter } from "./layer-rewriter.ts";
import { packCuts, type PackedCuts } from "./packed-cuts.ts";
import type { RewrittenBlob } from "./rewrite-threads.ts";
import { sideBySide } from "../side-by-side.ts";

/** A layer to rewrite, and how. */
export interface LayerTask {
  readonly layer: Layer;
  readonly index: LayerIndex;
  /** Called once, when the layer's turn has come: cuts of all layers at once would take much memory. */
  readonly plan: () => readonly LayerCut[];
  readonly compression: Compressed;
}

export interface RewriteLayersOptions {
  readonly limits: Limits;
  /** Where the new blobs go, and copies of blobs that come as streams while they are needed. */
  readonly folder: string;
  /** Whether layers that are only compressed otherwise are decompressed again as they are written, and compared with what they were. */
  readonly isChecked?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (event: ProgressEvent) => void;
}

/** A rewritten layer: a blob in a file. */
export interface NewLayerFile extends RewrittenBlob {
  readonly path: string;
  readonly compression: LayerIndex["compression"];
  /** Whether it is only compressed otherwise, and was compared. */
  readonly isChecked: boolean;
}

/** Node's own threads, which compress beside those that read and write. */
const nodeThreads = 4;

/**
 * Rewrites layers, the largest first, several side by side; by their places, without those that nothing changes. Throws UserError
 * that names the layer.
 */
export async function rewriteLayers(
  tasks: readonly LayerTask[],
  options: RewriteLayersOptions,
): Promise<ReadonlyMap<number, NewLayerFile>> {
  const made = new Map<number, NewLayerFile>();
  const queue = [...tasks].sort((one, other) => other.index.tarBytes - one.index.tarBytes);
  const workers = Math.min(readersFor(queue.length), queue.length);
  const threads = nodeThreadsBeside(workers);
  await sideBySide(workers, options.signal, (signal) => rewriteQueue(queue, made, { ...options, signal, threads }));
  return made;
}

/** How many of node's own threads compress for each of so many workers. */
export function nodeThreadsBeside(workers: number): number {
  return Math.max(1, Math.min(nodeThreads, Math.ceil(availableParallelism() / Math.max(1, workers)) - 1));
}

type QueueOptions = RewriteLayersOptions & { readonly threads: number };

/** Takes layers off the queue until it is empty. */
async function rewriteQueue(queue: LayerTask[], made: Map<number, NewLayerFile>, options: QueueOptions): Promise<void> {
  const rewriter = createLayerRewriter(options);
  try {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      const cuts = packCuts(task.plan());
      if (cuts.count === 0 && task.compression.kind === task.index.compression) continue;
      made.set(task.layer.index, await rewriteTask(rewriter, task, cuts, options));
    }
  } finally {
    await rewriter.close();
  }
}

async function rewriteTask(
  rewriter: LayerRewriter,
  task: LayerTask,
  cuts: PackedCuts,
  options: QueueOptions,
): Promise<NewLayerFile> {
  const { layer, index, compression } = task;
  const id = `rewrite-${layer.index}`;
  const total = layer.blob.size;
  const path = join(options.folder, `layer-${layer.index}`);
  options.onProgress({ kind: "start", id, label: `rewrite layer ${layer.index} ${index.digest.slice(7, 19)}`, total });
  try {
    const source = await localBlob(layer, options);
    const { digest, diffId, tarBytes } = index;
    const isChecked = options.isChecked === true && cuts.count === 0;
    const job = {
      source,
      digest,
      diffId,
      tarBytes,
      isGzip: index.compression === "gzip",
      cuts,
      isChecked,
      compression,
      output: path,
    };
    const blob = await rewriter.rewrite(job, (done) => options.onProgress({ kind: "advance", id, done, total }));
    if (layer.blob.kind === "stream") await rm(source.path);
    options.onProgress({ kind: "end", id });
    return { ...blob, path, compression: compression.kind, isChecked };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code, hint, exitCode } = error;
    throw new UserError(code, `layer ${layer.index} (${index.digest}): ${error.message}`, {
      cause: error,
      exitCode,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** A blob as a part of a file: copied to one when it comes as a stream. Its digest is checked when it is read. */
export async function localBlob(
  { blob, index }: Layer,
  { folder, signal }: Pick<RewriteLayersOptions, "folder" | "signal">,
): Promise<FilePart> {
  if (blob.kind === "file") return blob;
  const path = join(folder, `source-${index}`);
  try {
    await pipeline(blob.open(), createWriteStream(path, { mode: 0o600 }), { signal });
  } catch (error) {
    throw diskError(error, path, blob.size);
  }
  return { path, offset: 0, size: blob.size };
}
