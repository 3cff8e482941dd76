import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import type { Cut } from "../../archive/deflate/cut.ts";
import { planSplice } from "../../archive/deflate/plan-splice.ts";
import { spliceGzip } from "../../archive/deflate/splice.ts";
import type { Limits } from "../../archive/limits.ts";
import { UserError } from "../../lib/user-error.ts";
import { decodedPieces, filePieces } from "./blob-pieces.ts";
import { diskError } from "./disk-error.ts";
import { blockBytes, blocksInUse, compressBlocks } from "./compress-blocks.ts";
import { editedPieces } from "./edited-pieces.ts";
import { zeroChunks, type LayerCut } from "./layer-cut.ts";
import { type PackedCuts, unpackCuts } from "./packed-cuts.ts";
import type { RewriteJob, RewrittenBlob } from "./rewrite-threads.ts";
import { WrittenContent } from "./written-content.ts";

/** What a layer is rewritten with. */
export interface RewriteLayerOptions {
  readonly limits: Limits;
  /** How many threads beside this one may compress. */
  readonly threads: number;
  readonly onRead: (done: number) => void;
}

const noBytes: readonly Uint8Array[] = [];

/** As many as compress at once on a common machine; a constant, since what is spliced may not depend on the machine. */
const spliceAgainstThreads = 2;

/**
 * Writes a layer with its cuts made to a file: nothing of it is held whole. The source is read, checked against its digest, and
 * neither more nor less than it was said to be. Throws UserError `corrupt-layer`, `digest-mismatch`, `no-space`.
 */
export async function rewriteLayer(job: RewriteJob, options: RewriteLayerOptions): Promise<RewrittenBlob> {
  if (job.cuts.count === 0) return recompressWhole(job, options);
  if (!isSpliceable(job)) return recompress(job, options);
  try {
    return await splice(job, options);
  } catch (error) {
    if (error instanceof UserError && error.code === "not-spliceable") return recompress(job, options);
    throw error;
  }
}

async function recompress(job: RewriteJob, { limits, threads, onRead }: RewriteLayerOptions): Promise<RewrittenBlob> {
  const source = createHash("sha256");
  const decoded = decodedPieces(filePieces(job.source, { hash: source, onRead }), job.tarBytes, limits);
  const blob = await writeBlob(editedPieces(decoded, unpackCuts(job.cuts), limits), job, threads);
  checkSource(job, source);
  return blob;
}

/** The content is all that is needed of the source, so its sum is checked, and not the sum of the source's bytes as well. */
async function recompressWhole(job: RewriteJob, { limits, threads, onRead }: RewriteLayerOptions): Promise<RewrittenBlob> {
  const written = job.isChecked ? new WrittenContent(job.compression.kind, limits) : undefined;
  function* pieces(): Generator<{ readonly bytes: Uint8Array }> {
    for (const bytes of decodedPieces(filePieces(job.source, { onRead }), job.tarBytes, limits)) yield { bytes };
  }
  try {
    const blob = await writeBlob(pieces(), job, threads, written);
    if (blob.diffId !== job.diffId) throw changedSource(job.source, `content of ${job.diffId}`, blob.diffId);
    return blob;
  } finally {
    written?.close();
  }
}

/** Compresses pieces of a layer to a file; each piece is valid until the next one. Throws UserError `no-space`, and what `written` does. */
export async function writeBlob(
  pieces: Iterable<{ readonly bytes: Uint8Array }>,
  { compression, output: path }: Pick<RewriteJob, "compression" | "output">,
  threads: number,
  written?: WrittenContent,
): Promise<RewrittenBlob> {
  const diff = createHash("sha256");
  // What is not compressed has one sum.
  const blob = compression.kind === "none" ? undefined : createHash("sha256");
  const output = createOutput(path, blob);
  let tarBytes = 0;
  async function* blocks(): AsyncGenerator<Buffer> {
    for (const block of inBlocks(pieces, blocksInUse(threads), (used) => written?.isHeld(used) === true)) {
      tarBytes += block.length;
      diff.update(block);
      written?.expect(block);
      yield block;
    }
  }
  try {
    for await (const piece of compressBlocks(blocks(), compression, threads)) {
      output.write(piece);
      written?.write(piece);
    }
    written?.end();
  } finally {
    output.close();
  }
  const diffId = sha256Of(diff);
  return { digest: blob === undefined ? diffId : sha256Of(blob), compressedBytes: output.bytes(), diffId, tarBytes };
}

function isSpliceable({ compression, isGzip, cuts, tarBytes, source }: RewriteJob): boolean {
  if (!isGzip || compression.kind !== "gzip" || cuts.count === 0) return false;
  return planSplice(estimatedCuts(cuts), { tarBytes, compressedBytes: source.size, threads: spliceAgainstThreads }).isWorthwhile;
}

function* estimatedCuts(cuts: PackedCuts): Generator<Cut> {
  for (const { start, end, before, header, after, zeros } of unpackCuts(cuts)) {
    const size = (zeros ?? 0) + (before?.length ?? 0) + (header?.bytes ?? 0) + (after?.length ?? 0);
    yield { start, end, replacement: { size, chunks: noBytes } };
  }
}

async function splice(job: RewriteJob, { limits, onRead }: RewriteLayerOptions): Promise<RewrittenBlob> {
  const source = createHash("sha256");
  const cuts = resolvedCuts(job, limits);
  const output = createOutput(job.output);
  try {
    const pieces = filePieces(job.source, { hash: source, onRead });
    const spliced = await spliceGzip(pieces, cuts, (piece) => output.write(piece), { limits, level: job.compression.level });
    checkSource(job, source);
    const { digest, compressedBytes, diffId, tarBytes } = spliced;
    return { digest, compressedBytes, diffId, tarBytes };
  } finally {
    output.close();
  }
}

/** Cuts with the bytes that take their place. Changed headers are made of what stands there, so it is read before. */
function resolvedCuts({ source, tarBytes, cuts: packed }: RewriteJob, limits: Limits): readonly Cut[] {
  const cuts = [...unpackCuts(packed)];
  const last = cuts.findLastIndex(({ header }) => header !== undefined);
  const made = new Map<LayerCut, Uint8Array>();
  if (last >= 0) {
    for (const { bytes, cut } of editedPieces(decodedPieces(filePieces(source), tarBytes, limits), cuts, limits)) {
      if (cut !== undefined) made.set(cut, bytes);
      if (cut === cuts[last]) break;
    }
  }
  return cuts.map((cut) => {
    const bytes = made.get(cut) ?? Buffer.concat([cut.before ?? new Uint8Array(0), cut.after ?? new Uint8Array(0)]);
    const { start, end, zeros = 0 } = cut;
    const chunks = zeros === 0 ? [bytes] : { [Symbol.iterator]: () => [...zeroChunks(zeros), bytes].values() };
    return { start, end, replacement: { size: zeros + bytes.length, chunks } };
  });
}

/** Pieces joined and divided into blocks, each valid until `reusedAfter` more were taken, and longer while it is held. */
function* inBlocks(
  pieces: Iterable<{ readonly bytes: Uint8Array }>,
  reusedAfter: number,
  isHeld: (block: Buffer) => boolean,
): Generator<Buffer> {
  const memory = Array.from({ length: reusedAfter + 1 }, () => Buffer.allocUnsafeSlow(blockBytes));
  let number = 0;
  let used = 0;
  for (const { bytes } of pieces) {
    for (let at = 0; at < bytes.length;) {
      const block = memory[number % memory.length] ?? Buffer.alloc(0);
      const part = bytes.subarray(at, at + blockBytes - used);
      block.set(part, used);
      used += part.length;
      at += part.length;
      if (used < blockBytes) continue;
      yield block;
      used = 0;
      number++;
      const place = number % memory.length;
      if (isHeld(memory[place] ?? block)) memory[place] = Buffer.allocUnsafeSlow(blockBytes);
    }
  }
  if (used > 0) yield (memory[number % memory.length] ?? Buffer.alloc(0)).subarray(0, used);
}

/** A file that a layer is written to. */
export interface LayerOutput {
  readonly write: (piece: Uint8Array) => void;
  readonly close: () => void;
  readonly bytes: () => number;
}

/** Makes the file; what is written goes to the hash too. Writing throws UserError `no-space` when the disk is full. */
export function createOutput(path: string, hash?: Hash): LayerOutput {
  const file = openSync(path, "w", 0o600);
  let compressedBytes = 0;
  return {
    write: (piece) => {
      hash?.update(piece);
      compressedBytes += piece.length;
      try {
        for (let at = 0; at < piece.length;) at += writeSync(file, piece, at);
      } catch (error) {
        throw diskError(error, path, compressedBytes);
      }
    },
    close: () => closeSync(file),
    bytes: () => compressedBytes,
  };
}

/** Throws UserError `digest-mismatch` when what was read is not what was read first. */
export function checkSource({ digest, source }: Pick<RewriteJob, "digest" | "source">, hash: Hash): void {
  const found = sha256Of(hash);
  if (found !== digest) throw changedSource(source, digest, found);
}

function changedSource({ path }: RewriteJob["source"], before: string, now: string): UserError {
  return new UserError("digest-mismatch", `${path}: ${before} when it was read first, now ${now}`);
}

/** A digest as manifests have it. */
export function sha256Of(hash: Hash): string {
  return `sha256:${hash.digest("hex")}`;
}
