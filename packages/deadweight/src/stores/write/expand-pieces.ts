import { createHash } from "node:crypto";
import { type Compression, createDecoder, type Decoder, sniffCompression } from "../../archive/decoder.ts";
import type { Limits } from "../../archive/limits.ts";
import type { OutgoingImage } from "../../contracts/store.ts";
import { UserError } from "../../lib/user-error.ts";

const outputBytes = 512 * 1024;
/** Below so many bytes no ratio is too high. */
const freeBytes = 1024 ** 3;

/** Bytes that can be read once, and how their first four say that they are compressed. */
export interface SniffedPieces {
  readonly compression: Compression;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** Finds out how a layer is compressed; all its bytes are in what is given back. */
export async function sniffPieces(pieces: AsyncIterable<Uint8Array>): Promise<SniffedPieces> {
  const iterator = pieces[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < 4) {
    const { done, value } = await iterator.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  const all = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield head;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  };
  return { compression: sniffCompression(head), pieces: all() };
}

/**
 * A layer's plain bytes; each piece is valid until the next is asked for. Throws UserError `digest-mismatch` at the end when they are
 * not those of its diffId, `corrupt-layer` and `limit` as soon as it is known.
 */
export async function* expandPieces(
  { compression, pieces }: SniffedPieces,
  { descriptor, diffId }: OutgoingImage["layers"][number],
  limits: Limits,
): AsyncGenerator<Uint8Array> {
  const what = `layer ${descriptor.digest}`;
  const algorithm = diffId.slice(0, diffId.indexOf(":"));
  const hash = createHash(algorithm);
  const decoder = createDecoder(compression, limits);
  let done = 0;
  try {
    for await (const piece of decoded(pieces, decoder)) {
      done += piece.length;
      checkSize(what, done, descriptor.size, limits);
      hash.update(piece);
      yield piece;
    }
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "corrupt-layer") throw error;
    throw new UserError(error.code, `${what}: ${error.message}`, { cause: error });
  } finally {
    decoder.close();
  }
  const actual = `${algorithm}:${hash.digest("hex")}`;
  if (actual !== diffId) throw new UserError("digest-mismatch", `${what}: expands to ${actual}, its config says ${diffId}`);
}

async function* decoded(pieces: AsyncIterable<Uint8Array>, decoder: Decoder): AsyncGenerator<Uint8Array> {
  const output = Buffer.allocUnsafe(outputBytes);
  for await (const piece of pieces) {
    for (let input = piece; input.length > 0; input = input.subarray(decoder.consumed)) {
      decoder.decode(input, output);
      if (decoder.produced > 0) yield output.subarray(0, decoder.produced);
    }
  }
  for (decoder.finish(output); decoder.produced > 0; decoder.finish(output)) yield output.subarray(0, decoder.produced);
}

function checkSize(what: string, done: number, size: number, limits: Limits): void {
  if (done > limits.layerBytes) throw new UserError("limit", `${what}: expands to more than ${limits.layerBytes} bytes`);
  if (done > freeBytes && done > size * limits.expansionRatio) {
    throw new UserError("limit", `${what}: expands to more than ${limits.expansionRatio} times its size: no real layer does`);
  }
}
