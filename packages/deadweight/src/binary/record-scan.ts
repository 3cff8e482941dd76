/** A table in a file: its records of `recordBytes` go by one at a time, wherever the pieces end. */
export interface ScannedTable {
  readonly start: number;
  readonly end: number;
  readonly recordBytes: number;
  /** Gets a record and where it stands in the file; valid during the call. */
  readonly take: (record: DataView, place: number) => void;
}

/** Hands the records of one table over while the file goes by. */
export class RecordScan {
  readonly #table: ScannedTable;
  readonly #held: Buffer;
  #heldBytes = 0;

  constructor(table: ScannedTable) {
    this.#table = table;
    this.#held = Buffer.alloc(table.recordBytes);
  }

  /** Takes the bytes of the file from `offset` on; pieces ascend. */
  write(piece: Uint8Array, offset: number): void {
    const { start, end, recordBytes, take } = this.#table;
    let at = Math.max(start, offset) - offset;
    const stop = Math.min(end, offset + piece.length) - offset;
    while (at < stop) {
      if (this.#heldBytes === 0 && at + recordBytes <= stop) {
        take(new DataView(piece.buffer, piece.byteOffset + at, recordBytes), offset + at);
        at += recordBytes;
        continue;
      }
      const count = Math.min(recordBytes - this.#heldBytes, stop - at);
      this.#held.set(piece.subarray(at, at + count), this.#heldBytes);
      this.#heldBytes += count;
      at += count;
      if (this.#heldBytes < recordBytes) break;
      this.#heldBytes = 0;
      take(new DataView(this.#held.buffer, this.#held.byteOffset, recordBytes), offset + at - recordBytes);
    }
  }
}
