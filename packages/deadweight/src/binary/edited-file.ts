import type { FilePiece } from "./strip-elf.ts";

/** Builds a file out of ranges of an old one, ascending, with patches in them, and other bytes. */
export class EditedFile {
  readonly #patches: readonly (readonly [place: number, bytes: Uint8Array])[];
  readonly #pieces: FilePiece[] = [];
  #next = 0;
  #size = 0;

  /** Patches take the place of as many bytes of the old file; they must be apart. */
  constructor(patches: ReadonlyMap<number, Uint8Array>) {
    this.#patches = [...patches].sort(([one], [other]) => one - other);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds bytes of the old file, patched; a patch must not reach beyond. */
  copy(start: number, end: number): void {
    let place = start;
    while (this.#next < this.#patches.length && (this.#patches[this.#next]?.[0] ?? 0) < start) this.#next++;
    for (let patch = this.#patches[this.#next]; patch !== undefined && patch[0] < end; patch = this.#patches[++this.#next]) {
      const [at, bytes] = patch;
      if (at < place || at + bytes.length > end) throw new RangeError(`a patch at ${at} is not in ${place} to ${end}`);
      this.#range(place, at);
      this.put(bytes);
      place = at + bytes.length;
    }
    this.#range(place, end);
  }

  /** Adds other bytes. */
  put(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push({ bytes });
    this.#size += bytes.length;
  }

  /** Adds zeros up to a size. */
  zerosTo(size: number): void {
    this.put(new Uint8Array(size - this.#size));
  }

  /** Adds many zeros up to a size. */
  fillTo(size: number): void {
    if (size > this.#size) this.#pieces.push({ zeros: size - this.#size });
    this.#size = Math.max(size, this.#size);
  }

  finish(): readonly FilePiece[] {
    return this.#pieces;
  }

  #range(start: number, end: number): void {
    if (start >= end) return;
    const last = this.#pieces.at(-1);
    this.#size += end - start;
    if (last !== undefined && "end" in last && last.end === start)
      this.#pieces[this.#pieces.length - 1] = { start: last.start, end };
    else this.#pieces.push({ start, end });
  }
}

/** What `second`, pieces of the file that `first` makes, makes of the file that `first` is made of. */
export function composedPieces(first: readonly FilePiece[], second: readonly FilePiece[]): readonly FilePiece[] {
  const starts: number[] = [];
  let size = 0;
  for (const piece of first) {
    starts.push(size);
    size += pieceBytes(piece);
  }
  return second.flatMap((piece) => {
    if (!("end" in piece)) return [piece];
    const made: FilePiece[] = [];
    for (let number = lastFrom(starts, piece.start); (starts[number] ?? Infinity) < piece.end; number++) {
      const [part, start = 0] = [first[number], starts[number]];
      if (part === undefined) break;
      const [from, to] = [Math.max(piece.start, start) - start, Math.min(piece.end, start + pieceBytes(part)) - start];
      if (from < to) made.push(partOf(part, from, to));
    }
    return made;
  });
}

/** The number of the last that begins at a place or before it. */
function lastFrom(starts: readonly number[], place: number): number {
  let [from, to] = [0, starts.length];
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if ((starts[middle] ?? Infinity) <= place) from = middle;
    else to = middle;
  }
  return from;
}

/** A piece that stays whole stays the same object, so that what shares memory goes on sharing it. */
function partOf(piece: FilePiece, from: number, to: number): FilePiece {
  if (from === 0 && to === pieceBytes(piece)) return piece;
  if ("bytes" in piece) return { bytes: piece.bytes.subarray(from, to) };
  if ("zeros" in piece) return { zeros: to - from };
  return { start: piece.start + from, end: piece.start + to };
}

/** The bytes that a piece adds. */
export function pieceBytes(piece: FilePiece): number {
  return "bytes" in piece ? piece.bytes.length : "zeros" in piece ? piece.zeros : piece.end - piece.start;
}
