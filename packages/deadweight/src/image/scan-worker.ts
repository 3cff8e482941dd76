import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { Ring } from "../lib/ring.ts";
import { toPlain, transferables } from "./layer-index-codec.ts";
import { LayerScanner, type BlobFacts } from "./layer-scanner.ts";
import type { DecodeMessage, ScanResult, ScanStart } from "./layer-threads.ts";
import { fromThreadError, toThreadError } from "./thread-error.ts";
import { wantedFiles } from "./wanted-files.ts";

const start = workerData as ScanStart;
const input = new Ring(start.memory.output);
const wanted = wantedFiles(start.patterns);

parentPort?.on("message", () => {
  try {
    const index = toPlain(scanLayer());
    post({ kind: "index", index }, transferables(index));
  } catch (error) {
    input.abort();
    post({ kind: "error", error: toThreadError(error) }, []);
  }
});

function post(result: ScanResult, transfer: ArrayBuffer[]): void {
  parentPort?.postMessage(result, transfer);
}

/** Scans what the decompressing thread sends until its end. */
function scanLayer(): ReturnType<LayerScanner["finish"]> {
  let slot = input.take();
  const compression = expect("compression").compression;
  const { limits, spoolFolder, programs } = start;
  const scanner = new LayerScanner({ wanted, limits, spoolFolder, isPlain: compression === "none", programs });
  try {
    for (; slot !== undefined; slot = input.take()) {
      scanner.write(slot.bytes, slot.marks);
      input.release();
    }
    input.release();
    return scanner.finish(blobFacts(scanner));
  } catch (error) {
    scanner.abort();
    throw error;
  }
}

/** What the other thread says at its end. When it failed, where that was in the layer is known here. */
function blobFacts(scanner: LayerScanner): BlobFacts {
  try {
    return expect("end").blob;
  } catch (error) {
    throw scanner.located(error);
  }
}

/** The message that the other thread posted before the piece that was just taken. */
function expect<K extends "compression" | "end">(kind: K): DecodeMessage & { readonly kind: K } {
  const message = receiveMessageOnPort(start.port)?.message as DecodeMessage | undefined;
  if (message?.kind === "error") throw fromThreadError(message.error);
  if (message?.kind !== kind) throw new Error(`expected ${kind}, got ${message?.kind ?? "nothing"}`);
  return message as DecodeMessage & { readonly kind: K };
}
