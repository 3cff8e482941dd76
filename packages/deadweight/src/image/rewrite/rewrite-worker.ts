import { parentPort, workerData } from "node:worker_threads";
import { toThreadError } from "../thread-error.ts";
import { rewriteLayer } from "./rewrite-layer.ts";
import type { RewriteJob, RewriteResult, RewriteStart } from "./rewrite-threads.ts";

const { limits, threads, progress } = workerData as RewriteStart;
const done = new BigInt64Array(progress);

parentPort?.on("message", (job: RewriteJob) => {
  const onRead = (bytes: number): void => {
    Atomics.store(done, 0, BigInt(bytes));
  };
  rewriteLayer(job, { limits, threads, onRead }).then(
    (blob) => post({ kind: "blob", blob }),
    (error: unknown) => post({ kind: "error", error: toThreadError(error) }),
  );
});

function post(result: RewriteResult): void {
  parentPort?.postMessage(result);
}
