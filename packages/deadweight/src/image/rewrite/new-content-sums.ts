import { createHash, type Hash } from "node:crypto";
import { UserError } from "../../lib/user-error.ts";
import { zeroChunks } from "./layer-cut.ts";
import type { ContentPiece } from "../../contracts/transform.ts";

/** Sums of an entry's new content, in hexadecimal digits. */
export interface NewContentSum {
  readonly sha256: string;
  readonly md5: string;
}

/** By entry. */
export type NewContentSums = ReadonlyMap<number, NewContentSum>;

/** A file with new content: where its old one stands in the uncompressed layer, and of what the new one is made. */
export interface SummedFile {
  readonly entry: number;
  readonly contentStart: number;
  readonly pieces: readonly ContentPiece[];
}

/**
 * Sums of the new content of files, ascending in the layer, whose uncompressed bytes come as `pieces`, valid until the next one. Reads
 * no more of the layer than up to the last file. Nothing is held. Throws UserError `corrupt-layer` when the layer ends before.
 */
export function sumNewContents(layer: Iterable<Uint8Array>, files: readonly SummedFile[]): NewContentSums {
  const sums = new Map<number, NewContentSum>();
  const coming = parts(files);
  let part = nextOf(coming);
  let place = 0;
  for (const bytes of layer) {
    const end = place + bytes.length;
    for (; part !== undefined; part = nextOf(coming)) {
      const { from, to, sum } = part;
      for (const added of part.before) addTo(sum, added);
      part.before.length = 0;
      if (from < end && to > place) addTo(sum, bytes.subarray(Math.max(from, place) - place, Math.min(to, end) - place));
      if (to > end) break;
      if (part.isLast) sums.set(part.entry, { sha256: sum.sha256.digest("hex"), md5: sum.md5.digest("hex") });
    }
    if (part === undefined) return sums;
    place = end;
  }
  if (part === undefined) return sums;
  throw new UserError("corrupt-layer", `rewrite: the layer ends at ${place}, before content up to ${part.to}`);
}

interface Sum {
  readonly sha256: Hash;
  readonly md5: Hash;
}

/** A range of the layer that belongs to new content, after bytes that come before it; empty at the end of a file. */
interface Part {
  readonly entry: number;
  readonly sum: Sum;
  readonly before: Uint8Array[];
  readonly from: number;
  readonly to: number;
  readonly isLast: boolean;
}

function* parts(files: readonly SummedFile[]): Generator<Part> {
  for (const { entry, contentStart, pieces } of files) {
    const sum = { sha256: createHash("sha256"), md5: createHash("md5") };
    let before: Uint8Array[] = [];
    let to = contentStart;
    for (const piece of pieces) {
      if ("bytes" in piece) before.push(piece.bytes);
      else if ("zeros" in piece) before.push(...zeroChunks(piece.zeros));
      else {
        to = contentStart + piece.end;
        yield { entry, sum, before, from: contentStart + piece.start, to, isLast: false };
        before = [];
      }
    }
    yield { entry, sum, before, from: to, to, isLast: true };
  }
}

function nextOf(coming: Generator<Part>): Part | undefined {
  const { done, value } = coming.next();
  return done === true ? undefined : value;
}

function addTo({ sha256, md5 }: Sum, bytes: Uint8Array): void {
  sha256.update(bytes);
  md5.update(bytes);
}
