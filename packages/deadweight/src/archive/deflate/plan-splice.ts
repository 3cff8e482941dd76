import { orderedCuts, type Cut } from "./cut.ts";
import { windowBytes } from "./inflate-blocks.ts";

/** What a splice would do, estimated before a byte is read. */
export interface SplicePlan {
  /** Uncompressed bytes of the new stream, and how many of them would be deflated anew, replacements included. */
  readonly tarBytes: number;
  readonly deflatedBytes: number;
  /** Whether that is quicker than to deflate the whole stream anew. */
  readonly isWorthwhile: boolean;
}

/** A blob to be spliced, and how many threads would share the work of deflating it whole. */
export interface SpliceSource {
  readonly tarBytes: number;
  readonly compressedBytes: number;
  readonly threads: number;
}

/** The compressed size of a block that holds a cut: zlib and Go end one after 16,384 symbols, each of 2 to 3 bytes; large ones hold more cuts. */
const blockCompressedBytes = 48 * 1024;

/** Estimates a splice: around each cut a block and a window are deflated anew, or all there is between two cuts. */
export function planSplice(cuts: Iterable<Cut>, source: SpliceSource): SplicePlan {
  const block = (blockCompressedBytes * source.tarBytes) / Math.max(1, source.compressedBytes);
  let tarBytes = 0;
  let deflatedBytes = 0;
  let place = 0;
  let behindCut = 0;
  for (const { start, end, replacement } of orderedCuts(cuts)) {
    // On average a cut lies in the middle of a block, and the window behind it ends in the middle of another.
    deflatedBytes += Math.min(start - place, behindCut + block / 2) + (replacement?.size ?? 0);
    tarBytes += start - place + (replacement?.size ?? 0);
    behindCut = windowBytes + block / 2;
    place = end;
  }
  deflatedBytes = Math.round(deflatedBytes + Math.min(source.tarBytes - place, behindCut));
  tarBytes += source.tarBytes - place;
  return { tarBytes, deflatedBytes, isWorthwhile: deflatedBytes * source.threads < tarBytes };
}
