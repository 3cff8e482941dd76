import { constants, crc32, createDeflateRaw, createZstdCompress, deflateRawSync, type ZlibOptions } from "node:zlib";
import { freeBytes } from "../../lib/free-bytes.ts";
import { plainHeader, trailer } from "../../archive/deflate/gzip-member.ts";

/** How layers are compressed. `level` is the compressor's own. */
export interface Compressed {
  readonly kind: "none" | "gzip" | "zstd";
  readonly level: number;
}

/** Content is compressed in blocks of this size, whatever pieces it came in: so that the same content gives the same bytes. */
export const blockBytes: number = 256 * 1024;
/** Room for a block that can't be compressed: its output is then one piece, and not joined of several. */
const deflatedBytes = blockBytes + 1024;
/** How far back deflate refers. */
const windowBytes = 32 * 1024;

/**
 * 8 MiB, what every decoder takes (RFC 8878, 3.1.1.1.2) and what skopeo, buildkit and containerd write. Level 3 alone would look back 2 MiB:
 * a layer with equal files further apart came out larger with less in it.
 */
const zstdWindowLog = 23;

/** How many blocks must stay as they are after they were taken: those that other threads are at, and the window of the last. */
export function blocksInUse(threads: number): number {
  return threads + 2;
}

/**
 * Compresses blocks of content, each but the last `blockBytes` long: one gzip member with a plain header, or one zstd frame with a
 * content checksum (W14: engines fail on more). `threads` more than this one make it faster, never other bytes. Each piece is valid until the
 * next.
 */
export function compressBlocks(blocks: AsyncIterable<Buffer>, how: Compressed, threads: number): AsyncIterable<Uint8Array> {
  if (how.kind === "none") return blocks;
  return how.kind === "gzip" ? gzipBlocks(blocks, how.level, threads) : zstdBlocks(blocks, how.level);
}

/**
 * Deflates blocks side by side, each primed with the window before it: pigz's way, RFC 1951 blocks that end at a whole byte. As many
 * as there are threads go to node's own, the next is done here meanwhile.
 */
async function* gzipBlocks(blocks: AsyncIterable<Buffer>, level: number, threads: number): AsyncGenerator<Uint8Array> {
  const waiting: Promise<readonly Uint8Array[]>[] = [];
  let window: Buffer | undefined;
  let crc = 0;
  let length = 0;
  yield plainHeader();
  for await (const block of blocks) {
    crc = crc32(block, crc);
    length += block.length;
    const priming = window === undefined ? {} : { dictionary: window };
    const options: ZlibOptions = { level, finishFlush: constants.Z_SYNC_FLUSH, chunkSize: deflatedBytes, ...priming };
    window = block.subarray(-windowBytes);
    if (waiting.length < threads) waiting.push(deflateAside(block, options));
    else {
      const own = deflateRawSync(block, options);
      for (const deflated of waiting.splice(0)) yield* freed(await deflated);
      yield* freed([own]);
    }
  }
  for (const deflated of waiting) yield* freed(await deflated);
  // An empty last block with fixed codes: those before it are none of them the last.
  yield Uint8Array.of(3, 0);
  yield trailer(crc, length);
}

/** By a thread of node's. Not `deflateRaw`, which joins what it gets and leaves the memory of that to the collector. */
async function deflateAside(block: Buffer, options: ZlibOptions): Promise<readonly Uint8Array[]> {
  const stream = createDeflateRaw(options);
  stream.end(block);
  const pieces: Uint8Array[] = [];
  for await (const piece of stream as AsyncIterable<Uint8Array>) pieces.push(piece);
  return pieces;
}

/** Pieces of one memory, which goes when they were taken. */
function* freed(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  yield* pieces;
  for (const piece of pieces) freeBytes(piece);
}

async function* zstdBlocks(blocks: AsyncIterable<Buffer>, level: number): AsyncGenerator<Uint8Array> {
  const stream = createZstdCompress({
    chunkSize: 1024 * 1024,
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_windowLog]: zstdWindowLog,
    },
  });
  const fed = feed(stream, blocks);
  // It is awaited below; until then the stream's own end tells of its failure.
  fed.catch(() => {});
  let last: Uint8Array | undefined;
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    yield piece;
    // The stream fills the memory of a piece further until another has other memory.
    if (last !== undefined && last.buffer !== piece.buffer) freeBytes(last);
    last = piece;
  }
  await fed;
}

async function feed(stream: ReturnType<typeof createZstdCompress>, blocks: AsyncIterable<Buffer>): Promise<void> {
  try {
    let before: Promise<unknown> | undefined;
    for await (const block of blocks) {
      // Until it is told, a block is in use. One is compressed, by a thread of node's, while the next is read.
      const taken = new Promise((resolve) => stream.write(block, resolve));
      await before;
      before = taken;
    }
    stream.end();
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}
