import type { Limits } from "../../archive/limits.ts";
import { UserError } from "../../lib/user-error.ts";
import { changeHeader } from "./change-header.ts";
import { zeroChunks, type LayerCut } from "./layer-cut.ts";

/** Bytes of an edited layer: kept ones, or with `cut` what takes that cut's place. */
export interface EditedPiece {
  readonly bytes: Uint8Array;
  readonly cut?: LayerCut;
}

/** A layer's uncompressed bytes with cuts made, in pieces that are valid until the next one. Throws UserError `corrupt-layer`. */
export function* editedPieces(pieces: Iterable<Uint8Array>, cuts: Iterable<LayerCut>, limits: Limits): Generator<EditedPiece> {
  let place = 0;
  const coming = cuts[Symbol.iterator]();
  const following = (): LayerCut | undefined => {
    const next = coming.next();
    return next.done === true ? undefined : next.value;
  };
  let cut = following();
  let header: Uint8Array[] | undefined;
  for (const piece of pieces) {
    const end = place + piece.length;
    const part = (from: number, to: number): Uint8Array => piece.subarray(from - end + piece.length, to - end + piece.length);
    while (cut !== undefined && cut.start < end) {
      if (header === undefined) {
        if (cut.start > place) yield { bytes: part(place, cut.start) };
        place = cut.start;
        header = [];
      }
      const headerEnd = Math.min(cut.start + (cut.header?.bytes ?? 0), end);
      if (headerEnd > place) header.push(part(place, headerEnd).slice());
      place = Math.min(cut.end, end);
      if (cut.end > end) break;
      yield* zerosOf(cut);
      yield { bytes: replacementOf(cut, Buffer.concat(header), limits), cut };
      header = undefined;
      cut = following();
    }
    if (header === undefined && place < end) yield { bytes: part(place, end) };
    place = end;
  }
  for (; cut !== undefined; cut = following()) {
    if (cut.start !== place || cut.end !== place)
      throw new UserError("corrupt-layer", `rewrite: the layer ends at ${place}, before the cut to ${cut.end}`);
    yield* zerosOf(cut);
    yield { bytes: replacementOf(cut, new Uint8Array(0), limits), cut };
  }
}

function* zerosOf({ zeros = 0 }: LayerCut): Generator<EditedPiece> {
  for (const bytes of zeroChunks(zeros)) yield { bytes };
}

function replacementOf({ before, header, after }: LayerCut, raw: Uint8Array, limits: Limits): Uint8Array {
  const parts = [
    ...(before === undefined ? [] : [before]),
    ...(header === undefined ? [] : [changeHeader(raw, header.change, limits)]),
    ...(after === undefined ? [] : [after]),
  ];
  return parts.length === 1 ? (parts[0] ?? raw) : Buffer.concat(parts);
}
