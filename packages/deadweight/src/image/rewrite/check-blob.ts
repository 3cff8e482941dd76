import { createHash } from "node:crypto";
import { type Compression, sniffCompression } from "../../archive/decoder.ts";
import { decodedPieces, filePieces } from "./blob-pieces.ts";
import { type RewriteLayerOptions, sha256Of } from "./rewrite-layer.ts";
import type { CheckedBlob, CheckJob } from "./rewrite-threads.ts";

/** Reads and decompresses a blob, for its sums alone. Throws UserError `corrupt-layer`. */
export function checkBlob(
  { checked, tarBytes }: CheckJob,
  { limits, onRead }: Pick<RewriteLayerOptions, "limits" | "onRead">,
): CheckedBlob {
  const blob = createHash("sha256");
  const diff = createHash("sha256");
  let compression: Compression | undefined;
  function* sniffed(): Generator<Uint8Array> {
    for (const piece of filePieces(checked, { hash: blob, onRead })) {
      compression ??= sniffCompression(piece);
      yield piece;
    }
  }
  for (const piece of decodedPieces(sniffed(), tarBytes, limits)) diff.update(piece);
  return { digest: sha256Of(blob), diffId: sha256Of(diff), compression: compression ?? "none" };
}
