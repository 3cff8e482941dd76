import type { OutgoingBlob } from "../../contracts/store.ts";
import { verifiedBytes } from "../write/verified-bytes.ts";

interface Source {
  readonly pieces: AsyncGenerator<Uint8Array>;
  /** Where the rest begins. */
  position: number;
  /** What was read and not given yet. */
  rest: Uint8Array;
}

/**
 * Reads ranges of a blob. Ranges that follow each other read it once, an earlier one reads it again from the beginning. The range that
 * ends the blob throws UserError `digest-mismatch` at its end when the blob is not what its descriptor says.
 */
export class BlobReader {
  readonly #blob: OutgoingBlob;
  readonly #signal: AbortSignal;
  /** Where the last whole range ended. One that is broken off may still be waiting for bytes: it keeps its source and ends it. */
  #source: Source | undefined;

  constructor(blob: OutgoingBlob, signal: AbortSignal) {
    this.#blob = blob;
    this.#signal = signal;
  }

  /** The bytes from `start` up to `end`. */
  async *between(start: number, end: number): AsyncGenerator<Uint8Array> {
    const source = await this.#sourceAt(start);
    let isWhole = false;
    try {
      while (source.position < end && (await hasMore(source))) {
        const piece = take(source, source.position < start ? start : end);
        if (source.position > start) yield piece;
      }
      // Reading on makes the source say whether it was the right blob.
      isWhole = end < this.#blob.descriptor.size || !(await hasMore(source));
    } finally {
      if (isWhole) this.#source = source;
      else await source.pieces.return(undefined);
    }
  }

  async close(): Promise<void> {
    await this.#source?.pieces.return(undefined);
    this.#source = undefined;
  }

  async #sourceAt(start: number): Promise<Source> {
    const source = this.#source;
    this.#source = undefined;
    if (source !== undefined && source.position <= start) return source;
    await source?.pieces.return(undefined);
    return { pieces: verifiedBytes(this.#blob, this.#signal), position: 0, rest: new Uint8Array(0) };
  }
}

async function hasMore(source: Source): Promise<boolean> {
  while (source.rest.length === 0) {
    const { done, value } = await source.pieces.next();
    if (done === true) return false;
    source.rest = value;
  }
  return true;
}

/** The next bytes, at most up to `end`. */
function take(source: Source, end: number): Uint8Array {
  const piece = source.rest.subarray(0, end - source.position);
  source.rest = source.rest.subarray(piece.length);
  source.position += piece.length;
  return piece;
}
