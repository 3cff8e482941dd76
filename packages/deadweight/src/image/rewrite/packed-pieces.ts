import type { ContentPiece } from "../../contracts/transform.ts";
import { bytesAt, bytesMemory, packBytes, type PackedBytes } from "./packed-bytes.ts";

/** Pieces of new content in columns, for a message to a thread: files with device code have them by the ten thousand. */
export interface PackedPieces {
  readonly count: number;
  /** -1 where none of the old content stays. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly zeros: Float64Array;
  readonly bytes: PackedBytes;
}

const none: Uint8Array = new Uint8Array(0);

/** Pieces as columns. */
export function packPieces(pieces: readonly ContentPiece[]): PackedPieces {
  return {
    count: pieces.length,
    starts: Float64Array.from(pieces, (piece) => ("end" in piece ? piece.start : -1)),
    ends: Float64Array.from(pieces, (piece) => ("end" in piece ? piece.end : -1)),
    zeros: Float64Array.from(pieces, (piece) => ("zeros" in piece ? piece.zeros : 0)),
    bytes: packBytes(pieces, (piece) => ("bytes" in piece ? piece.bytes : undefined)),
  };
}

/** The memory of the columns, to be handed to a thread. */
export function piecesMemory({ starts, ends, zeros, bytes }: PackedPieces): ArrayBuffer[] {
  return [...[starts, ends, zeros].map(({ buffer }) => buffer as ArrayBuffer), ...bytesMemory(bytes)];
}

/** The piece at a place; undefined behind the last. */
export function pieceAt({ count, starts, ends, zeros, bytes }: PackedPieces, number: number): ContentPiece | undefined {
  if (number >= count) return undefined;
  const start = starts[number] ?? -1;
  if (start >= 0) return { start, end: ends[number] ?? 0 };
  const added = zeros[number] ?? 0;
  return added > 0 ? { zeros: added } : { bytes: bytesAt(bytes, number) ?? none };
}
