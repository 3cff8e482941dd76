/** Parts of a file that are held while it goes by. */
export class HeldParts {
  readonly #parts: readonly { readonly start: number; readonly end: number; readonly bytes: Buffer }[];

  constructor(parts: readonly { readonly start: number; readonly end: number }[]) {
    this.#parts = parts.map(({ start, end }) => ({ start, end, bytes: Buffer.alloc(end - start) }));
  }

  /** Takes the bytes of the file from `offset` on. */
  write(piece: Uint8Array, offset: number): void {
    for (const { start, end, bytes } of this.#parts) {
      const from = Math.max(start, offset);
      const to = Math.min(end, offset + piece.length);
      if (from < to) bytes.set(piece.subarray(from - offset, to - offset), from - start);
    }
  }

  /** Bytes that lie in one part, in memory of their own; undefined for others. */
  copy(offset: number, size: number): Buffer | undefined {
    const bytes = this.read(offset, size);
    return bytes && Buffer.from(bytes);
  }

  /** Bytes that lie in one part, as long as that is held; undefined for others. */
  read(offset: number, size: number): Buffer | undefined {
    const part = this.#parts.find(({ start, end }) => offset >= start && offset + size <= end);
    return part?.bytes.subarray(offset - part.start, offset - part.start + size);
  }

  /** A 64-bit number; undefined where nothing is held, or it is larger than any address of a file. */
  word(offset: number): number | undefined {
    const bytes = this.read(offset, 8);
    const value = bytes?.readBigUInt64LE(0);
    return value === undefined || value > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(value);
  }
}
