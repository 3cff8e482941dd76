import { createHash, type Hash } from "node:crypto";
import { closeSync, createWriteStream, openSync, readSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { encodeHeader, endOfArchive } from "../../packages/deadweight/src/archive/tar-writer.ts";
import { contentBytes, recordOf, type DemoEntry } from "./demo-entry.ts";

/** An archive as it lies in a file named after its digest. */
export interface WrittenArchive {
  readonly file: string;
  /** Of the compressed bytes, as is `digest`. */
  readonly size: number;
  readonly digest: string;
  /** Digest of the uncompressed archive. */
  readonly diffId: string;
  readonly tarBytes: number;
}

const chunkBytes = 512 * 1024;
const blockBytes = 512;

/** Writes a gzip archive of the entries into a folder, a piece at a time. */
export async function writeArchive(entries: Iterable<DemoEntry>, folder: string, unfinished: string): Promise<WrittenArchive> {
  const [plain, compressed] = [new Meter(), new Meter()];
  // The lowest level: it is for a demonstration that should not take long.
  const gzip = createGzip({ level: 1, chunkSize: chunkBytes });
  await pipeline(
    archiveChunks(entries),
    plain.through(),
    gzip,
    compressed.through(),
    createWriteStream(join(folder, unfinished)),
  );
  const file = join(folder, compressed.digest());
  await rename(join(folder, unfinished), file);
  const digest = `sha256:${compressed.digest()}`;
  return { file, size: compressed.bytes, digest, diffId: `sha256:${plain.digest()}`, tarBytes: plain.bytes };
}

/** Counts and hashes what goes through. */
class Meter {
  readonly #hash: Hash = createHash("sha256");
  #digest: string | undefined;
  bytes = 0;

  through(): Transform {
    return new Transform({
      readableHighWaterMark: 2 * chunkBytes,
      transform: (chunk: Buffer, _, done) => {
        this.#hash.update(chunk);
        this.bytes += chunk.length;
        done(null, chunk);
      },
    });
  }

  /** Hexadecimal digits, once all went through. */
  digest(): string {
    this.#digest ??= this.#hash.digest("hex");
    return this.#digest;
  }
}

/** The archive in chunks of about the same size. */
function* archiveChunks(entries: Iterable<DemoEntry>): Generator<Buffer> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of archivePieces(entries)) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes < chunkBytes) continue;
    yield Buffer.concat(pieces);
    [pieces, bytes] = [[], 0];
  }
  if (bytes > 0) yield Buffer.concat(pieces);
}

function* archivePieces(entries: Iterable<DemoEntry>): Generator<Uint8Array> {
  for (const entry of entries) {
    yield encodeHeader(recordOf(entry));
    if (entry.content !== undefined) yield entry.content;
    else if (entry.source !== undefined) yield* fileChunks(entry.source);
    yield new Uint8Array((blockBytes - (contentBytes(entry) % blockBytes)) % blockBytes);
  }
  yield endOfArchive();
}

/** Exactly `size` bytes of a file: one that shrank meanwhile is filled up with zeros. */
function* fileChunks({ path, size }: { readonly path: string; readonly size: number }): Generator<Uint8Array> {
  const file = openSync(path, "r");
  try {
    for (let left = size; left > 0;) {
      const chunk = Buffer.alloc(Math.min(left, chunkBytes));
      const count = readSync(file, chunk, 0, chunk.length, null);
      yield count === 0 ? chunk : chunk.subarray(0, count);
      left -= count === 0 ? chunk.length : count;
    }
  } finally {
    closeSync(file);
  }
}
