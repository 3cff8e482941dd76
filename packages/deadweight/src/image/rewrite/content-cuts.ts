import { blockSize } from "../../archive/tar-header.ts";
import type { ContentPiece } from "../../contracts/transform.ts";
import type { HeaderChange } from "./change-header.ts";
import type { EntrySpan } from "./entry-span.ts";
import type { LayerCut } from "./layer-cut.ts";

/** New content of an entry: its pieces, and the sum of their sizes. */
export interface CutContent {
  readonly pieces: readonly ContentPiece[];
  readonly size: number;
}

/**
 * The cuts that give an entry of `storedSize` content bytes new content: its header with the new size, what goes, what comes, and the
 * padding. Ranges that stay are not held, nor read. Throws RangeError for pieces that are not of this content.
 */
export function contentCuts(
  { start, headerBytes, end }: EntrySpan,
  storedSize: number,
  { pieces, size }: CutContent,
  change: HeaderChange,
): readonly LayerCut[] {
  const contentStart = start + headerBytes;
  let made = 0;
  let place = contentStart;
  let cut: OpenCut = { start, added: [], header: { bytes: headerBytes, change: { ...change, size } } };
  const cuts: LayerCut[] = [];
  for (const piece of pieces) {
    if ("bytes" in piece) cut.added.push(piece.bytes);
    else if ("zeros" in piece) {
      cuts.push(...closed(cut, place));
      cut = { start: place, added: [], zeros: piece.zeros };
    } else {
      const [from, to] = [contentStart + piece.start, contentStart + piece.end];
      if (!(from >= place && to > from && piece.end <= storedSize))
        throw new RangeError(`piece ${piece.start} to ${piece.end} of ${storedSize} bytes`);
      cuts.push(...closed(cut, from));
      cut = { start: to, added: [] };
      place = to;
    }
    made += "bytes" in piece ? piece.bytes.length : "zeros" in piece ? piece.zeros : piece.end - piece.start;
  }
  if (made !== size) throw new RangeError(`pieces of ${made} bytes are to be ${size}`);
  cut.added.push(new Uint8Array((blockSize - (size % blockSize)) % blockSize));
  return [...cuts, ...closed(cut, end)];
}

interface OpenCut {
  readonly start: number;
  readonly added: Uint8Array[];
  readonly zeros?: number;
  readonly header?: NonNullable<LayerCut["header"]>;
}

function closed({ start, added, header, zeros = 0 }: OpenCut, end: number): readonly LayerCut[] {
  const after = added.length === 1 ? (added[0] ?? new Uint8Array(0)) : Buffer.concat(added);
  if (header === undefined && start === end && after.length === 0 && zeros === 0) return [];
  return [
    {
      start,
      end,
      ...(zeros === 0 ? {} : { zeros }),
      ...(header === undefined ? {} : { header }),
      ...(after.length === 0 ? {} : { after }),
    },
  ];
}
