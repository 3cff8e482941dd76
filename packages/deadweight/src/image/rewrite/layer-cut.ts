import type { HeaderChange } from "./change-header.ts";

/**
 * An edit of a layer's uncompressed bytes: those from `start` up to `end` go, and in their place come `before`, the changed header,
 * and `after`. With all three absent the bytes just go; with `start` equal to `end` something is put between.
 */
export interface LayerCut {
  readonly start: number;
  readonly end: number;
  readonly before?: Uint8Array;
  /** The first `bytes` of the cut are an entry's headers; they come again, with a change. */
  readonly header?: { readonly bytes: number; readonly change: HeaderChange };
  readonly after?: Uint8Array;
  /** So many zeros come first of all; in a cut without `before` and `header`. */
  readonly zeros?: number;
}

/** Files with device code have runs by the ten thousand: memory of their own would take as many bytes as the file until it is collected. */
const zeros: Uint8Array = new Uint8Array(256 * 1024);

/** Zeros in chunks of one memory, which stays as it is. */
export function* zeroChunks(count: number): Generator<Uint8Array> {
  for (let left = count; left > 0; left -= zeros.length) yield zeros.subarray(0, left);
}

/** The cuts in order, those that touch made one where nothing comes between. */
export function orderedLayerCuts(cuts: readonly LayerCut[]): readonly LayerCut[] {
  const ordered: LayerCut[] = [];
  for (const cut of [...cuts].sort((one, other) => one.start - other.start || one.end - other.end)) {
    const last = ordered.at(-1);
    if (last !== undefined && cut.start < last.end)
      throw new RangeError(`cuts overlap: ${last.start} to ${last.end}, and from ${cut.start}`);
    const isPlain = cut.before === undefined && cut.header === undefined && cut.after === undefined && cut.zeros === undefined;
    if (last !== undefined && isPlain && last.end === cut.start) ordered[ordered.length - 1] = { ...last, end: cut.end };
    else ordered.push(cut);
  }
  return ordered;
}
