import type { FileWindow } from "../../binary/elf-dynamic.ts";

/** Some parts of a file, kept while it goes by. */
export interface KeptWindows {
  readonly keep: (piece: Uint8Array, offset: number) => void;
  /** Bytes that lie in one part; undefined for others. */
  readonly read: (offset: number, size: number) => Uint8Array | undefined;
  /** All parts, one after the other. */
  readonly bytes: Buffer;
}

/** Room for parts of a file, ascending and apart. */
export function keptWindows(windows: readonly FileWindow[]): KeptWindows {
  const bytes = Buffer.allocUnsafe(windows.reduce((sum, { start, end }) => sum + end - start, 0)).fill(0);
  let place = 0;
  const placed = windows.map(({ start, end }) => {
    const at = place;
    place += end - start;
    return { start, end, at };
  });
  return {
    bytes,
    keep: (piece, offset) => {
      for (const { start, end, at } of placed) {
        const from = Math.max(start, offset);
        const to = Math.min(end, offset + piece.length);
        if (from < to) bytes.set(piece.subarray(from - offset, to - offset), at + from - start);
      }
    },
    read: (offset, size) => {
      const found = placed.find(({ start, end }) => offset >= start && offset + size <= end && size >= 0);
      return found === undefined
        ? undefined
        : bytes.subarray(found.at + offset - found.start, found.at + offset - found.start + size);
    },
  };
}
