import { parentPort, workerData } from "node:worker_threads";
import { toThreadError } from "../thread-error.ts";
import { gatherParts } from "./gather-parts.ts";
import { rewriteLayer } from "./rewrite-layer.ts";
import type { GatherJob, RewriteJob, RewriteResult, RewriteStart } from "./rewrite-threads.ts";

const { limits, threads, progress } = workerData as RewriteStart;
const done = new BigInt64Array(progress);

parentPort?.on("message", (job: RewriteJob | GatherJob) => {
  const onRead = (bytes: number): void => {
    Atomics.store(done, 0, BigInt(bytes));
  };
  const options = { limits, threads, onRead };
  const work = "sources" in job ? gatherParts(job, options) : rewriteLayer(job, options).then((blob) => [blob]);
  work.then(
    (blobs) => post({ kind: "blobs", blobs }),
    (error: unknown) => post({ kind: "error", error: toThreadError(error) }),
  );
});

function post(result: RewriteResult): void {
  parentPort?.postMessage(result);
}
