import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { createDecoder, sniffCompression, type Decoder } from "../archive/decoder.ts";
import { marksPerSlot, Ring, RingAborted, type Mark } from "../lib/ring.ts";
import { UserError } from "../lib/user-error.ts";
import type { DecodeJob, DecodeMessage, DecodeStart } from "./layer-threads.ts";
import { toThreadError } from "./thread-error.ts";

/** Compressed bytes are read in pieces of this size. */
const pieceBytes = 256 * 1024;
/** How finely the cost of output is told; finer costs time, coarser blurs small files (docs/measuring.md). */
const markBytes = 64 * 1024;
/** Below this no ratio of sizes is taken for a bomb. */
const ratioFrom = 1024 ** 3;

const start = workerData as DecodeStart;
const output = new Ring(start.memory.output);
const input = new Ring(start.memory.input);
const progress = new BigInt64Array(start.memory.progress);

parentPort?.on("message", (job: DecodeJob) => {
  try {
    decodeBlob(job);
  } catch (error) {
    if (error instanceof RingAborted) return;
    post({ kind: "error", error: toThreadError(error) });
    endQuietly();
  }
});

function post(message: DecodeMessage): void {
  start.port.postMessage(message, []);
}

/** The scanning thread may have given up meanwhile. */
function endQuietly(): void {
  try {
    output.end();
  } catch (error) {
    if (!(error instanceof RingAborted)) throw error;
  }
}

/** Reads, hashes and decompresses one blob into the output ring. */
function decodeBlob(job: DecodeJob): void {
  if (job.kind === "file" && compressionOf(job) === "none") return passPlainFile(job);
  const blobHash = createHash("sha256");
  let compressedBytes = 0;
  let sink: Sink | undefined;
  for (const piece of job.kind === "file" ? filePieces(job) : withWholeHead(ringPieces())) {
    blobHash.update(piece);
    compressedBytes += piece.length;
    sink ??= createSink(piece);
    sink.write(piece);
    Atomics.store(progress, 0, BigInt(compressedBytes));
  }
  sink ??= createSink(new Uint8Array(0));
  sink.end();
  post({ kind: "end", blob: { digest: `sha256:${blobHash.digest("hex")}`, compression: sink.compression, compressedBytes } });
  output.end();
}

type FileJob = DecodeJob & { readonly kind: "file" };

function compressionOf(job: FileJob): Decoder["compression"] {
  const head = new Uint8Array(Math.min(4, job.size));
  const file = openSync(job.path, "r");
  try {
    readSync(file, head, 0, head.length, job.offset);
    return sniffCompression(head);
  } finally {
    closeSync(file);
  }
}

/** What needs no decompressing is read straight into the ring. */
function passPlainFile(job: FileJob): void {
  const blobHash = createHash("sha256");
  post({ kind: "compression", compression: "none" });
  const file = openSync(job.path, "r");
  try {
    for (let at = 0; at < job.size;) {
      const slot = output.reserve();
      const count = readSync(file, slot, 0, Math.min(slot.length, job.size - at), job.offset + at);
      if (count === 0) throw endsEarly(job, at);
      blobHash.update(slot.subarray(0, count));
      output.commit(count, [{ output: count, input: count }]);
      at += count;
      Atomics.store(progress, 0, BigInt(at));
      checkBudget(at, at);
    }
  } finally {
    closeSync(file);
  }
  post({ kind: "end", blob: { digest: `sha256:${blobHash.digest("hex")}`, compression: "none", compressedBytes: job.size } });
  output.end();
}

function endsEarly(job: FileJob, at: number): UserError {
  return new UserError("corrupt-layer", `blob: ${job.path} ends at ${at} of ${job.size} bytes`);
}

function* filePieces(job: FileJob): Generator<Uint8Array> {
  const file = openSync(job.path, "r");
  try {
    const buffer = new Uint8Array(pieceBytes);
    for (let at = 0; at < job.size;) {
      const count = readSync(file, buffer, 0, Math.min(pieceBytes, job.size - at), job.offset + at);
      if (count === 0) throw endsEarly(job, at);
      at += count;
      yield buffer.subarray(0, count);
    }
  } finally {
    closeSync(file);
  }
}

function* ringPieces(): Generator<Uint8Array> {
  for (let slot = input.take(); slot !== undefined; slot = input.take()) {
    yield slot.bytes;
    input.release();
  }
}

/** The same bytes; the first piece is large enough to tell the compression by, if the blob is. */
function* withWholeHead(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array(0);
  for (const piece of pieces) {
    const whole: Uint8Array = head === undefined ? piece : Buffer.concat([head, piece]);
    head = head === undefined || whole.length >= 4 ? undefined : whole;
    if (head === undefined) yield whole;
  }
  if (head !== undefined) yield head;
}

interface Sink {
  readonly compression: Decoder["compression"];
  readonly write: (piece: Uint8Array) => void;
  readonly end: () => void;
}

/** Decompresses into slots of the output ring, with a mark for every 64 KiB. */
function createSink(head: Uint8Array): Sink {
  const decoder = createDecoder(sniffCompression(head), start.limits);
  post({ kind: "compression", compression: decoder.compression });
  let slot = output.reserve();
  let filled = 0;
  let marks: Mark[] = [];
  let pendingInput = 0;
  let consumedBytes = 0;
  let producedBytes = 0;
  const flush = (): void => {
    if (filled === 0) return;
    output.commit(filled, marks);
    slot = output.reserve();
    filled = 0;
    marks = [];
  };
  const account = (): void => {
    consumedBytes += decoder.consumed;
    producedBytes += decoder.produced;
    pendingInput += decoder.consumed;
    if (decoder.produced > 0) {
      marks.push({ output: decoder.produced, input: pendingInput });
      pendingInput = 0;
      filled += decoder.produced;
    }
    checkBudget(consumedBytes, producedBytes);
    if (filled === slot.length || marks.length === marksPerSlot) flush();
  };
  const attempt = (step: () => void): void => {
    try {
      step();
      account();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      // What was made so far goes on, so that the other thread can tell how far the layer goes.
      flush();
      throw new UserError(error.code, `${error.message} after byte ${consumedBytes} of the blob`, { cause: error });
    }
  };
  const room = (): Uint8Array => slot.subarray(filled, Math.min(slot.length, filled + markBytes));
  return {
    compression: decoder.compression,
    write: (piece) => {
      for (let at = 0; at < piece.length; at += decoder.consumed) {
        attempt(() => decoder.decode(at === 0 ? piece : piece.subarray(at), room()));
      }
    },
    end: () => {
      do {
        attempt(() => decoder.finish(room()));
      } while (decoder.produced > 0);
      flush();
      decoder.close();
    },
  };
}

function checkBudget(consumedBytes: number, producedBytes: number): void {
  const { layerBytes, expansionRatio } = start.limits;
  if (producedBytes > layerBytes) throw new UserError("limit", `blob: more than ${layerBytes} uncompressed bytes`);
  if (producedBytes > ratioFrom && producedBytes > consumedBytes * expansionRatio) {
    throw new UserError(
      "limit",
      `blob: ${producedBytes} bytes from ${consumedBytes} compressed ones, more than ${expansionRatio} times`,
    );
  }
}
