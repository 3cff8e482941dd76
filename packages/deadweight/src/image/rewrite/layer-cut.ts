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
}

/** The cuts in order, those that touch made one where nothing comes between. */
export function orderedLayerCuts(cuts: readonly LayerCut[]): readonly LayerCut[] {
  const ordered: LayerCut[] = [];
  for (const cut of [...cuts].sort((one, other) => one.start - other.start || one.end - other.end)) {
    const last = ordered.at(-1);
    if (last !== undefined && cut.start < last.end)
      throw new RangeError(`cuts overlap: ${last.start} to ${last.end}, and from ${cut.start}`);
    const isPlain = cut.before === undefined && cut.header === undefined && cut.after === undefined;
    if (last !== undefined && isPlain && last.end === cut.start) ordered[ordered.length - 1] = { ...last, end: cut.end };
    else ordered.push(cut);
  }
  return ordered;
}
