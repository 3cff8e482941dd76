import { parentPort, workerData } from "node:worker_threads";
import { toThreadError } from "../thread-error.ts";
import { decodedPieces, filePieces } from "./blob-pieces.ts";
import { checkBlob } from "./check-blob.ts";
import { findPointers } from "./find-pointers.ts";
import { gatherParts } from "./gather-parts.ts";
import { sumNewContents } from "./new-content-sums.ts";
import { rewriteLayer } from "./rewrite-layer.ts";
import type { CheckJob, DeviceJob, GatherJob, RewriteJob, RewriteResult, RewriteStart, SumJob } from "./rewrite-threads.ts";

const { limits, threads, progress } = workerData as RewriteStart;
const done = new BigInt64Array(progress);

parentPort?.on("message", (job: RewriteJob | GatherJob | SumJob | DeviceJob | CheckJob) => {
  const onRead = (bytes: number): void => {
    Atomics.store(done, 0, BigInt(bytes));
  };
  resultOf(job, onRead).then(post, (error: unknown) => post({ kind: "error", error: toThreadError(error) }));
});

async function resultOf(
  job: RewriteJob | GatherJob | SumJob | DeviceJob | CheckJob,
  onRead: (bytes: number) => void,
): Promise<RewriteResult> {
  const options = { limits, threads, onRead };
  if ("sources" in job) return { kind: "blobs", blobs: await gatherParts(job, options) };
  if ("cuts" in job) return { kind: "blobs", blobs: [await rewriteLayer(job, options)] };
  if ("checked" in job) return { kind: "checked", blob: checkBlob(job, options) };
  const pieces = decodedPieces(filePieces(job.source, { onRead }), job.tarBytes, limits);
  if ("deviceFiles" in job) return { kind: "pointers", pointers: findPointers(pieces, job.deviceFiles) };
  return { kind: "sums", sums: sumNewContents(pieces, job.summed) };
}

function post(result: RewriteResult): void {
  parentPort?.postMessage(result);
}
