import { createHash } from "node:crypto";
import { defaultLimits, type Limits } from "../../src/archive/limits.ts";
import type { Want } from "../../src/contracts/cataloger.ts";
import { LayerScanner } from "../../src/image/layer-scanner.ts";
import { wantedFiles } from "../../src/image/wanted-files.ts";
import type { LayerIndex } from "../../src/model/layer-index.ts";

export interface ScanSettings {
  readonly wants?: readonly Want[];
  readonly limits?: Partial<Limits>;
  readonly spoolFolder?: string;
  /** Sizes of the pieces that the scanner gets, in turn; all in one when absent. */
  readonly pieces?: readonly number[];
}

/** Reads an uncompressed layer with the real scanner, in this thread. */
export function scan(archive: Uint8Array, { wants = [], limits = {}, spoolFolder, pieces = [] }: ScanSettings = {}): LayerIndex {
  const scanner = new LayerScanner({
    wanted: wantedFiles(wants),
    limits: { ...defaultLimits, ...limits },
    isPlain: false,
    ...(spoolFolder === undefined ? {} : { spoolFolder }),
  });
  try {
    for (let at = 0, turn = 0; at < archive.length; turn++) {
      const piece = archive.subarray(at, at + (pieces[turn % pieces.length] ?? archive.length));
      scanner.write(piece, [{ output: piece.length, input: piece.length }]);
      at += piece.length;
    }
    return scanner.finish({ digest: digestOf(archive), compression: "none", compressedBytes: archive.length });
  } catch (error) {
    scanner.abort();
    throw error;
  }
}

/** `sha256:` and the hash of the bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Differences of neighbours: what each span takes, the last one up to `end`. */
export function spansOf(starts: Float64Array, end: number): readonly number[] {
  return [...starts].map((start, index) => (starts[index + 1] ?? end) - start);
}

/** The paths of all entries, in their order; a marker's is the name that it hides. */
export function pathsOf(index: LayerIndex): readonly string[] {
  return [...index.path].map((node) => index.paths.path(node));
}
