import { createHash } from "node:crypto";
import { UserError } from "../../lib/user-error.ts";
import { zeroChunks } from "./layer-cut.ts";
import { pieceAt, type PackedPieces } from "./packed-pieces.ts";

/** Sums of an entry's content, in hexadecimal digits. */
export interface NewContentSum {
  /** Of the new content. */
  readonly sha256: string;
  readonly md5: string;
  /** Of the old one. */
  readonly md5Before: string;
}

/** By entry. */
export type NewContentSums = ReadonlyMap<number, NewContentSum>;

/** A file with new content: where its old one stands in the uncompressed layer, and of what the new one is made. */
export interface SummedFile {
  readonly entry: number;
  readonly contentStart: number;
  readonly contentBytes: number;
  readonly pieces: PackedPieces;
}

/**
 * Sums of the new content of files, ascending in the layer, whose uncompressed bytes come as `pieces`, valid until the next one. Reads
 * no more of the layer than up to the last file. Nothing is held. Throws UserError `corrupt-layer` when the layer ends before.
 */
export function sumNewContents(layer: Iterable<Uint8Array>, files: readonly SummedFile[]): NewContentSums {
  const sums = new Map<number, NewContentSum>();
  const open = files.map((file) => new OpenSum(file));
  let place = 0;
  for (const bytes of layer) {
    const end = place + bytes.length;
    for (let next = open[0]; next !== undefined && next.follow(bytes, place); next = open[0]) {
      sums.set(next.entry, next.finish());
      open.shift();
    }
    if (open.length === 0) return sums;
    place = end;
  }
  if (open.length === 0) return sums;
  throw new UserError("corrupt-layer", `rewrite: the layer ends at ${place}, before content that is to be summed`);
}

/** The sums of one file while its bytes go by. */
class OpenSum {
  readonly entry: number;
  readonly #sha256 = createHash("sha256");
  readonly #md5 = createHash("md5");
  readonly #md5Before = createHash("md5");
  readonly #start: number;
  readonly #end: number;
  readonly #pieces: PackedPieces;
  /** How many of the pieces are summed. */
  #done = 0;

  constructor({ entry, contentStart, contentBytes, pieces }: SummedFile) {
    this.entry = entry;
    this.#start = contentStart;
    this.#end = contentStart + contentBytes;
    this.#pieces = pieces;
  }

  /** Takes bytes that stand at `place` of the layer; whether the file ends there or before. */
  follow(bytes: Uint8Array, place: number): boolean {
    const end = place + bytes.length;
    const part = (from: number, to: number): Uint8Array =>
      bytes.subarray(Math.max(from, place) - place, Math.max(0, Math.min(to, end) - place));
    if (this.#start < end && this.#end > place) this.#md5Before.update(part(this.#start, this.#end));
    for (let piece = pieceAt(this.#pieces, this.#done); piece !== undefined; piece = pieceAt(this.#pieces, ++this.#done)) {
      if ("bytes" in piece) this.#add(piece.bytes);
      else if ("zeros" in piece) for (const chunk of zeroChunks(piece.zeros)) this.#add(chunk);
      else {
        const [from, to] = [this.#start + piece.start, this.#start + piece.end];
        if (from < end && to > place) this.#add(part(from, to));
        if (to > end) break;
      }
    }
    return this.#end <= end;
  }

  finish(): NewContentSum {
    const [sha256, md5, md5Before] = [this.#sha256, this.#md5, this.#md5Before].map((hash) => hash.digest("hex"));
    return { sha256: sha256 ?? "", md5: md5 ?? "", md5Before: md5Before ?? "" };
  }

  #add(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#md5.update(bytes);
  }
}
