import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Limits } from "../../archive/limits.ts";
import { fromThreadError } from "../thread-error.ts";
import { packedMemory } from "./packed-cuts.ts";
import { piecesMemory } from "./packed-pieces.ts";
import type { NewContentSums } from "./new-content-sums.ts";
import type { DevicePointers, UnprovenPointers } from "../../model/device-pointers.ts";
import type {
  CheckedBlob,
  CheckJob,
  DeviceJob,
  GatherJob,
  RewriteJob,
  RewriteResult,
  RewriteStart,
  RewrittenBlob,
  SumJob,
} from "./rewrite-threads.ts";

/** What all layers of an image are rewritten with. */
export interface LayerRewriterOptions {
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** How many threads may compress for one layer beside its own. */
  readonly threads: number;
}

/**
 * Works on layers one after the other in a thread of its own, which takes over the memory of cuts and pieces: a job is asked for once.
 * `onProgress` gets the bytes of the source that are done, some times a second.
 */
export interface LayerRewriter {
  readonly rewrite: (job: RewriteJob, onProgress: (done: number) => void) => Promise<RewrittenBlob>;
  /** Makes layers of others, in the order of the job's outputs. */
  readonly gather: (job: GatherJob, onProgress: (done: number) => void) => Promise<readonly RewrittenBlob[]>;
  /** What a blob turns out to be when it is read. */
  readonly check: (job: CheckJob, onProgress: (done: number) => void) => Promise<CheckedBlob>;
  readonly sum: (job: SumJob, onProgress: (done: number) => void) => Promise<NewContentSums>;
  readonly findPointers: (
    job: DeviceJob,
    onProgress: (done: number) => void,
  ) => Promise<ReadonlyMap<number, DevicePointers | UnprovenPointers>>;
  readonly close: () => Promise<void>;
}

const progressEveryMs = 100;

/** Starts a thread that works on layers; `close` ends it, whatever it is at. */
export function createLayerRewriter({ limits, signal, threads }: LayerRewriterOptions): LayerRewriter {
  const progress = new SharedArrayBuffer(8);
  const done = new BigInt64Array(progress);
  const start: RewriteStart = { limits, progress, threads };
  const file = import.meta.url.endsWith(".ts") ? "./rewrite-worker.ts" : "./rewrite-worker.js";
  const worker = new Worker(new URL(file, import.meta.url), { workerData: start });
  const ask = async (
    job: RewriteJob | GatherJob | SumJob | DeviceJob | CheckJob,
    onProgress: (done: number) => void,
    transfer: ArrayBuffer[] = [],
  ): Promise<RewriteResult> => {
    signal.throwIfAborted();
    Atomics.store(done, 0, 0n);
    const timer = setInterval(() => onProgress(Number(Atomics.load(done, 0))), progressEveryMs);
    try {
      worker.postMessage(job, transfer);
      const [result] = (await once(worker, "message", { signal })) as [RewriteResult];
      if (result.kind === "error") throw fromThreadError(result.error);
      return result;
    } catch (error) {
      throw signal.aborted ? (signal.reason as unknown) : error;
    } finally {
      clearInterval(timer);
    }
  };
  return {
    rewrite: async (job, onProgress) => {
      const [blob] = blobsOf(await ask(job, onProgress, packedMemory(job.cuts)));
      if (blob === undefined) throw new Error(`${job.output}: the thread made nothing`);
      return blob;
    },
    check: async (job, onProgress) => {
      const result = await ask(job, onProgress);
      if (result.kind !== "checked") throw new Error(`a blob was to be checked, and came out as ${result.kind}`);
      return result.blob;
    },
    gather: async (job, onProgress) => {
      const memory = job.sources.flatMap(({ cuts }) => packedMemory(cuts));
      return blobsOf(await ask(job, onProgress, memory));
    },
    sum: async (job, onProgress) => {
      const memory = job.summed.flatMap(({ pieces }) => piecesMemory(pieces));
      const result = await ask(job, onProgress, memory);
      if (result.kind !== "sums") throw new Error(`a layer was to be summed, and came out as ${result.kind}`);
      return result.sums;
    },
    findPointers: async (job, onProgress) => {
      const result = await ask(job, onProgress);
      if (result.kind !== "pointers") throw new Error(`a layer was to be looked into, and came out as ${result.kind}`);
      return result.pointers;
    },
    close: async () => {
      await worker.terminate();
    },
  };
}

function blobsOf(result: RewriteResult): readonly RewrittenBlob[] {
  if (result.kind === "blobs") return result.blobs;
  throw new Error(`layers were to be rewritten, and came out as ${result.kind}`);
}
