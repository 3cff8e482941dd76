import { createHash } from "node:crypto";
import type { Limits } from "../../archive/limits.ts";
import { endOfArchive } from "../../archive/tar-writer.ts";
import { decodedPieces, filePieces } from "./blob-pieces.ts";
import { editedPieces } from "./edited-pieces.ts";
import { unpackCuts } from "./packed-cuts.ts";
import { checkSource, createOutput, type RewriteLayerOptions, sha256Of, writeBlob } from "./rewrite-layer.ts";
import type { GatherJob, GatherSource, RewrittenBlob } from "./rewrite-threads.ts";

/** Bytes of an entry, for the part that it goes to; valid until the next piece. */
interface PartPiece {
  readonly bytes: Uint8Array;
  readonly part: number;
}

/**
 * Makes layers of others: each source is read once and checked against its digest. A part alone is compressed as it comes; several are
 * written as they are, to be compressed side by side later. Throws UserError `corrupt-layer`, `digest-mismatch`, `no-space`.
 */
export async function gatherParts(job: GatherJob, options: RewriteLayerOptions): Promise<readonly RewrittenBlob[]> {
  const [only, ...others] = job.outputs;
  const pieces = partPieces(job, options);
  if (only !== undefined && others.length === 0) {
    return [await writeBlob(pieces, { compression: job.compression, output: only }, options.threads)];
  }
  const hashes = job.outputs.map(() => createHash("sha256"));
  const outputs = job.outputs.map((path, part) => createOutput(path, hashes[part]));
  try {
    for (const { bytes, part } of pieces) outputs[part]?.write(bytes);
  } finally {
    for (const output of outputs) output.close();
  }
  return hashes.map((hash, part) => plainBlob(sha256Of(hash), outputs[part]?.bytes() ?? 0));
}

function plainBlob(digest: string, tarBytes: number): RewrittenBlob {
  return { digest, compressedBytes: tarBytes, diffId: digest, tarBytes };
}

function* partPieces({ sources, outputs }: GatherJob, options: RewriteLayerOptions): Generator<PartPiece> {
  let done = 0;
  for (const source of sources) {
    const before = done;
    const onRead = (bytes: number): void => options.onRead(before + bytes);
    yield* piecesOf(source, { limits: options.limits, onRead });
    done += source.source.size;
  }
  for (const part of outputs.keys()) yield { bytes: endOfArchive(), part };
}

function* piecesOf(
  source: GatherSource,
  { limits, onRead }: { readonly limits: Limits; readonly onRead: (done: number) => void },
): Generator<PartPiece> {
  const hash = createHash("sha256");
  const decoded = decodedPieces(filePieces(source.source, { hash, onRead }), source.tarBytes, limits);
  const route = router(source);
  let place = 0;
  for (const { bytes, cut } of editedPieces(decoded, unpackCuts(source.cuts), limits)) {
    if (cut !== undefined) {
      if (bytes.length > 0) yield { bytes, part: route(cut.start).part };
      place = cut.end;
      continue;
    }
    for (let at = 0; at < bytes.length;) {
      const { part, end } = route(place);
      const piece = bytes.subarray(at, at + Math.min(bytes.length - at, end - place));
      yield { bytes: piece, part };
      at += piece.length;
      place += piece.length;
    }
  }
  checkSource(source, hash);
}

/** Where the bytes at a place go, and where those of another part begin; places are asked for in order. */
function router({ starts, parts }: GatherSource): (place: number) => { readonly part: number; readonly end: number } {
  let at = 0;
  return (place) => {
    while ((starts[at + 1] ?? Infinity) <= place) at++;
    return { part: parts[at] ?? 0, end: starts[at + 1] ?? Infinity };
  };
}
