import type { Cut } from "../../src/archive/deflate/cut.ts";
import { spliceGzip, type Spliced } from "../../src/archive/deflate/splice.ts";
import { defaultLimits } from "../../src/archive/limits.ts";

/** A cut as tests give it, with the bytes that come in its place. */
export interface TestCut {
  readonly start: number;
  readonly end: number;
  readonly bytes?: Uint8Array;
}

/** What the content is with the cuts made. */
export function edited(content: Uint8Array, cuts: readonly TestCut[]): Buffer {
  const parts: Uint8Array[] = [];
  let place = 0;
  for (const { start, end, bytes } of cuts) {
    parts.push(content.subarray(place, start), bytes ?? new Uint8Array(0));
    place = end;
  }
  return Buffer.concat([...parts, content.subarray(place)]);
}

/** A spliced blob; the source comes in pieces of these sizes, in turn. */
export async function spliced(
  blob: Uint8Array,
  cuts: readonly TestCut[],
  pieceSizes: readonly number[] = [],
): Promise<{ readonly blob: Buffer; readonly result: Spliced }> {
  const pieces: Uint8Array[] = [];
  const plan = cuts.map(({ start, end, bytes }): Cut => {
    if (bytes === undefined) return { start, end };
    const half = Math.floor(bytes.length / 2);
    return { start, end, replacement: { size: bytes.length, chunks: [bytes.subarray(0, half), bytes.subarray(half)] } };
  });
  const result = await spliceGzip(inPieces(blob, pieceSizes), plan, (piece) => void pieces.push(new Uint8Array(piece)), {
    limits: defaultLimits,
  });
  return { blob: Buffer.concat(pieces), result };
}

function* inPieces(blob: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < blob.length; turn++) {
    const size = sizes[turn % sizes.length] ?? blob.length;
    yield Uint8Array.from(blob.subarray(at, at + size));
    at += size;
  }
}
