import type { Hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { createDecoder, sniffCompression, type Decoder } from "../../archive/decoder.ts";
import type { Limits } from "../../archive/limits.ts";
import { UserError } from "../../lib/user-error.ts";

/** A part of a local file. */
export interface FilePart {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

const readBytes = 256 * 1024;
/** Larger pieces make no faster decompression, smaller ones do slower. */
const decodedBytes = 256 * 1024;

/** What is done with the bytes of a blob as they are read. */
export interface ReadWatch {
  readonly hash?: Hash;
  readonly onRead?: (done: number) => void;
}

/** The bytes of a part of a file, in pieces that are valid until the next one. Throws UserError `corrupt-layer` when it is shorter. */
export function* filePieces({ path, offset, size }: FilePart, { hash, onRead }: ReadWatch = {}): Generator<Uint8Array> {
  const file = openSync(path, "r");
  try {
    const buffer = new Uint8Array(readBytes);
    for (let at = 0; at < size;) {
      const count = readSync(file, buffer, 0, Math.min(readBytes, size - at), offset + at);
      if (count === 0) throw new UserError("corrupt-layer", `blob: ${path} ends at ${at} of ${size} bytes`);
      at += count;
      const piece = buffer.subarray(0, count);
      hash?.update(piece);
      onRead?.(at);
      yield piece;
    }
  } finally {
    closeSync(file);
  }
}

/** The uncompressed bytes of a blob of `tarBytes`, in pieces that are valid until the next one. Throws UserError `corrupt-layer`. */
export function* decodedPieces(blob: Iterable<Uint8Array>, tarBytes: number, limits: Limits): Generator<Uint8Array> {
  const output = new Uint8Array(decodedBytes);
  let decoder: Decoder | undefined;
  let total = 0;
  const made = (produced: number): Uint8Array => {
    total += produced;
    if (total > tarBytes) throw differs(tarBytes, `more than ${tarBytes}`);
    return output.subarray(0, produced);
  };
  try {
    for (const piece of blob) {
      decoder ??= createDecoder(sniffCompression(piece), limits);
      for (let at = 0; at < piece.length; at += decoder.consumed) {
        decoder.decode(at === 0 ? piece : piece.subarray(at), output);
        if (decoder.produced > 0) yield made(decoder.produced);
      }
    }
    decoder ??= createDecoder("none", limits);
    do {
      decoder.finish(output);
      if (decoder.produced > 0) yield made(decoder.produced);
    } while (decoder.produced > 0);
    if (total !== tarBytes) throw differs(tarBytes, String(total));
  } finally {
    decoder?.close();
  }
}

function differs(expected: number, found: string): UserError {
  return new UserError("corrupt-layer", `blob: ${expected} uncompressed bytes when it was read first, now ${found}`);
}
