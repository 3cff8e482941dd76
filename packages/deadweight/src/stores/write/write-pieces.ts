import type { FileHandle } from "node:fs/promises";

/** Writes pieces at the end of a new file, each before the next is asked for. */
export async function writePieces(file: FileHandle, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    for (let done = 0; done < piece.length;) done += (await file.write(piece, done)).bytesWritten;
  }
}
