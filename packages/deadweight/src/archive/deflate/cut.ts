/** An edit of a stream: the bytes from `start` up to `end` go, and the replacement comes in their place. */
export interface Cut {
  readonly start: number;
  readonly end: number;
  readonly replacement?: Replacement;
}

/** Bytes that are put into a stream; read once, in turn. */
export interface Replacement {
  readonly size: number;
  readonly chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** The cuts that change something. Throws RangeError unless they ascend without overlap: a bug of the caller. */
export function* orderedCuts(cuts: Iterable<Cut>): Generator<Cut> {
  let end = 0;
  for (const cut of cuts) {
    if (!Number.isSafeInteger(cut.start) || !Number.isSafeInteger(cut.end) || cut.start < end || cut.end < cut.start)
      throw new RangeError(`cut from ${cut.start} to ${cut.end} after ${end}`);
    end = cut.end;
    if (cut.end > cut.start || (cut.replacement?.size ?? 0) > 0) yield cut;
  }
}
