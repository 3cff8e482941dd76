import { once } from "node:events";
import { availableParallelism } from "node:os";
import { MessageChannel, Worker } from "node:worker_threads";
import type { Limits } from "../archive/limits.ts";
import type { Want } from "../contracts/cataloger.ts";
import { createRingMemory, Ring, RingAborted } from "../lib/ring.ts";
import { UserError } from "../lib/user-error.ts";
import type { BlobBytes } from "../model/image.ts";
import type { LayerIndex } from "../model/layer-index.ts";
import { fromPlain } from "./layer-index-codec.ts";
import type { DecodeJob, DecodeStart, ScanResult, ScanStart, ThreadMemory } from "./layer-threads.ts";
import { fromThreadError } from "./thread-error.ts";

/** What all layers of an image are read with. */
export interface LayerReaderOptions {
  readonly patterns: readonly Want[];
  readonly limits: Limits;
  readonly spoolFolder: string;
  readonly signal: AbortSignal;
  /** Whether indexes get `programs`; not when absent. */
  readonly programs?: boolean;
}

/** Reads layers one after the other, each with two threads: one reads, hashes and decompresses, the other scans and hashes. */
export interface LayerReader {
  /** The index of a blob. `onProgress` gets the bytes of the blob that are done, some times a second. */
  readonly read: (blob: BlobBytes, onProgress?: (done: number) => void) => Promise<LayerIndex>;
  readonly close: () => Promise<void>;
}

const inputSlots = { count: 8, bytes: 256 * 1024 };
const outputSlots = { count: 4, bytes: 1024 * 1024 };
const progressEveryMs = 100;

/**
 * How many layers are worth reading side by side. Each has two threads, but inflating leaves the other one idle half of its time; where
 * `isSparing`, for each takes some 25 MB, there are no more threads than cores.
 */
export function readersFor(layers: number, isSparing = false): number {
  return Math.max(1, Math.min(layers, 8, Math.floor(availableParallelism() / (isSparing ? 2 : 1))));
}

/** A reader that starts its threads with the first layer; `close` ends them. */
export function createLayerReader(options: LayerReaderOptions): LayerReader {
  let threads: Threads | undefined;
  return {
    read: async (blob, onProgress) => {
      threads ??= startThreads(options);
      const current = threads;
      try {
        return await readWith(current, blob, options.signal, onProgress);
      } catch (error) {
        // Threads that stopped half-way are not used again.
        threads = undefined;
        await current.stop();
        throw error;
      }
    },
    close: async () => {
      await threads?.stop();
      threads = undefined;
    },
  };
}

interface Threads {
  readonly decode: Worker;
  readonly scan: Worker;
  readonly input: Ring;
  readonly output: Ring;
  readonly progress: BigInt64Array;
  readonly stop: () => Promise<void>;
}

function startThreads(options: LayerReaderOptions): Threads {
  const { limits, patterns, spoolFolder, programs = false } = options;
  const memory: ThreadMemory = {
    input: createRingMemory(inputSlots.count, inputSlots.bytes),
    output: createRingMemory(outputSlots.count, outputSlots.bytes),
    progress: new SharedArrayBuffer(8),
  };
  const { port1, port2 } = new MessageChannel();
  const decodeStart: DecodeStart = { memory, port: port1, limits };
  const scanStart: ScanStart = { memory, port: port2, limits, patterns, spoolFolder, programs };
  const decode = new Worker(threadFile("decode-worker"), { workerData: decodeStart, transferList: [port1] });
  const scan = new Worker(threadFile("scan-worker"), { workerData: scanStart, transferList: [port2] });
  const stop = async (): Promise<void> => {
    await Promise.all([decode.terminate(), scan.terminate()]);
  };
  return {
    decode,
    scan,
    input: new Ring(memory.input),
    output: new Ring(memory.output),
    progress: new BigInt64Array(memory.progress),
    stop,
  };
}

/** Threads are started from source in a checkout and from compiled files in the package. */
function threadFile(name: string): URL {
  return new URL(`./${name}.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);
}

async function readWith(
  threads: Threads,
  blob: BlobBytes,
  signal: AbortSignal,
  onProgress: ((done: number) => void) | undefined,
): Promise<LayerIndex> {
  signal.throwIfAborted();
  const { decode, scan, input, output, progress } = threads;
  input.clear();
  output.clear();
  Atomics.store(progress, 0, 0n);
  const timer = setInterval(() => onProgress?.(Number(Atomics.load(progress, 0))), progressEveryMs);
  const settled = new AbortController();
  try {
    const over = { signal: AbortSignal.any([signal, settled.signal]) };
    const failed = Promise.race([once(decode, "error", over), once(scan, "error", over)]).then(([error]: unknown[]) => {
      throw error;
    });
    const result = once(scan, "message", over).then(([message]: unknown[]) => {
      const answer = message as ScanResult;
      if (answer.kind === "error") input.abort();
      return answer;
    });
    // Nobody waits for it when feeding fails first.
    result.catch(() => {});
    const job: DecodeJob =
      blob.kind === "file" ? { kind: "file", path: blob.path, offset: blob.offset, size: blob.size } : { kind: "stream" };
    scan.postMessage("scan");
    decode.postMessage(job);
    const fed = blob.kind === "stream" ? feed(input, blob.open()) : Promise.resolve();
    // What stops the feeding matters before what the threads then say of a stream that was cut off.
    const message = await Promise.race([fed.then(() => result), failed]);
    if (message.kind === "error") throw fromThreadError(message.error);
    return fromPlain(message.index);
  } catch (error) {
    input.abort();
    throw signal.aborted ? (signal.reason as unknown) : error;
  } finally {
    settled.abort();
    clearInterval(timer);
  }
}

/** Copies a stream into the ring. When the threads gave up, their own error says why. */
async function feed(ring: Ring, stream: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of stream) {
      for (let at = 0; at < chunk.length;) {
        await ring.space();
        const slot = ring.reserve();
        const piece = chunk.subarray(at, at + slot.length);
        slot.set(piece);
        ring.commit(piece.length);
        at += piece.length;
      }
    }
    await ring.space();
    ring.end();
  } catch (error) {
    if (!(error instanceof RingAborted)) throw error;
  }
}

/** Throws unless a layer's bytes are what manifest and config say they are. */
export function checkLayer(
  index: LayerIndex,
  expected: { readonly digest: string | undefined; readonly diffId: string; readonly size: number },
): void {
  if (index.compressedBytes !== expected.size) {
    throw new UserError(
      "digest-mismatch",
      `size: the manifest says ${expected.size} bytes, the blob has ${index.compressedBytes}`,
    );
  }
  if (expected.digest !== undefined && index.digest !== expected.digest) {
    throw new UserError("digest-mismatch", `digest: the manifest says ${expected.digest}, the blob has ${index.digest}`);
  }
  if (index.diffId !== expected.diffId) throw differentDiffId(index.diffId, expected.diffId);
}

/** The error for a layer that is not what the config says. */
export function differentDiffId(actual: string, expected: string): UserError {
  return new UserError("digest-mismatch", `diffId: the config says ${expected}, the layer has ${actual}`);
}
