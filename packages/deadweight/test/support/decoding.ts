import { createDecoder, sniffCompression, type Compression } from "../../src/archive/decoder.ts";
import { defaultLimits, type Limits } from "../../src/archive/limits.ts";
import { UserError } from "../../src/lib/user-error.ts";

export interface Decoding {
  readonly output: Buffer;
  /** Input bytes that the decoder says it used. */
  readonly consumed: number;
  /** Empty when the blob was decoded to its end. Only a UserError counts. */
  readonly error: string;
}

export interface PieceSizes {
  /** In turn. */
  readonly input?: readonly number[];
  readonly output?: readonly number[];
  readonly compression?: Compression;
  readonly limits?: Limits;
}

/** Decodes a blob given and taken in pieces of these sizes. */
export function decodeAll(blob: Uint8Array, sizes: PieceSizes = {}): Decoding {
  const decoder = createDecoder(sizes.compression ?? sniffCompression(blob), sizes.limits ?? defaultLimits);
  const pieces: Buffer[] = [];
  let consumed = 0;
  let turn = 0;
  const space = new Uint8Array(65_536);
  const room = (): Uint8Array => space.subarray(0, sizes.output?.[turn++ % sizes.output.length] ?? space.length);
  const account = (into: Uint8Array): void => {
    consumed += decoder.consumed;
    pieces.push(Buffer.from(into.subarray(0, decoder.produced)));
  };
  const decode = (piece: Uint8Array): void => {
    for (let at = 0, idle = 0; at < piece.length; at += decoder.consumed) {
      const into = room();
      decoder.decode(piece.subarray(at), into);
      account(into);
      idle = decoder.consumed + decoder.produced === 0 ? idle + 1 : 0;
      if (idle > 2) throw new Error(`no progress at byte ${consumed}`);
    }
  };
  try {
    for (let at = 0, index = 0; at < blob.length; index++) {
      const size = sizes.input?.[index % sizes.input.length] ?? blob.length;
      decode(blob.subarray(at, at + size));
      at += size;
    }
    do {
      const into = room();
      decoder.finish(into);
      account(into);
    } while (decoder.produced > 0);
    return { output: Buffer.concat(pieces), consumed, error: "" };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { output: Buffer.concat(pieces), consumed, error: error.message };
  } finally {
    decoder.close();
  }
}
