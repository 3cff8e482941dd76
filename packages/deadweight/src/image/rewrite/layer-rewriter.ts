import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Limits } from "../../archive/limits.ts";
import { fromThreadError } from "../thread-error.ts";
import type { GatherJob, RewriteJob, RewriteResult, RewriteStart, RewrittenBlob } from "./rewrite-threads.ts";

/** What all layers of an image are rewritten with. */
export interface LayerRewriterOptions {
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** How many threads may compress for one layer beside its own. */
  readonly threads: number;
}

/** Rewrites layers one after the other in a thread of its own. */
export interface LayerRewriter {
  /** `onProgress` gets the bytes of the source that are done, some times a second. */
  readonly rewrite: (job: RewriteJob, onProgress: (done: number) => void) => Promise<RewrittenBlob>;
  /** Makes layers of others, in the order of the job's outputs. */
  readonly gather: (job: GatherJob, onProgress: (done: number) => void) => Promise<readonly RewrittenBlob[]>;
  readonly close: () => Promise<void>;
}

const progressEveryMs = 100;

/** Starts a thread that rewrites layers; `close` ends it, whatever it is at. */
export function createLayerRewriter({ limits, signal, threads }: LayerRewriterOptions): LayerRewriter {
  const progress = new SharedArrayBuffer(8);
  const done = new BigInt64Array(progress);
  const start: RewriteStart = { limits, progress, threads };
  const file = import.meta.url.endsWith(".ts") ? "./rewrite-worker.ts" : "./rewrite-worker.js";
  const worker = new Worker(new URL(file, import.meta.url), { workerData: start });
  const ask = async (job: RewriteJob | GatherJob, onProgress: (done: number) => void): Promise<readonly RewrittenBlob[]> => {
    signal.throwIfAborted();
    Atomics.store(done, 0, 0n);
    const timer = setInterval(() => onProgress(Number(Atomics.load(done, 0))), progressEveryMs);
    try {
      worker.postMessage(job);
      const [result] = (await once(worker, "message", { signal })) as [RewriteResult];
      if (result.kind === "error") throw fromThreadError(result.error);
      return result.blobs;
    } catch (error) {
      throw signal.aborted ? (signal.reason as unknown) : error;
    } finally {
      clearInterval(timer);
    }
  };
  return {
    rewrite: async (job, onProgress) => {
      const [blob] = await ask(job, onProgress);
      if (blob === undefined) throw new Error(`${job.output}: the thread made nothing`);
      return blob;
    },
    gather: ask,
    close: async () => {
      await worker.terminate();
    },
  };
}
