import { createReadStream } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { createDecoder, sniffCompression, type Decoder } from "../../archive/decoder.ts";
import type { Limits } from "../../archive/limits.ts";
import { blockSize } from "../../archive/tar-header.ts";
import { UserError } from "../../lib/user-error.ts";
import { fileError } from "../../lib/file-error.ts";

const chunkBytes = 1024 * 1024;
/** Enough compressed bytes to make a block of 512, also where a skippable frame comes first. */
const headBytes = 256 * 1024;
/** Below so many bytes no ratio is too high. */
const freeBytes = 1024 ** 3;

/** How an archive file is compressed, by its first bytes. Throws UserError for a kind that can't be read, and for no file. */
export async function archiveCompression(path: string, place: string): Promise<"none" | "gzip" | "zstd"> {
  const head = await readHead(path, place, 8);
  const begins = (...bytes: readonly number[]): boolean => bytes.every((byte, at) => head[at] === byte);
  const foreign = begins(0xfd, 0x37, 0x7a, 0x58, 0x5a) ? "xz" : begins(0x42, 0x5a, 0x68) ? "bzip2" : undefined;
  if (foreign !== undefined) {
    throw new UserError("unreadable", `${place}: compressed with ${foreign}`, { hint: `decompress it with ${foreign} -d first` });
  }
  return sniffCompression(head);
}

/** The first block of an archive, expanded; shorter when there is less of it or it is damaged. */
export async function firstBlock(path: string, place: string, limits: Limits): Promise<Uint8Array> {
  const decoder = createDecoder(await archiveCompression(path, place), limits);
  const block = new Uint8Array(blockSize);
  try {
    let input = await readHead(path, place, headBytes);
    do {
      decoder.decode(input, block);
      input = input.subarray(decoder.consumed);
    } while (decoder.produced === 0 && decoder.consumed > 0 && input.length > 0);
    return block.subarray(0, decoder.produced);
  } finally {
    decoder.close();
  }
}

/** How to expand, and whom to tell. */
export interface ExpandOptions {
  /** What error messages begin with. */
  readonly place: string;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** Compressed bytes done of all. */
  readonly onProgress: (done: number, total: number) => void;
}

/** Decompresses a gzip or zstd file to a new file. Throws UserError `unreadable` or `no-space`, beginning with the place. */
export async function expandArchive(from: string, to: string, options: ExpandOptions): Promise<void> {
  const compression = await archiveCompression(from, options.place);
  const decoder = createDecoder(compression, options.limits);
  const output = await open(to, "wx", 0o600);
  try {
    await pump(from, output, decoder, options);
  } catch (error) {
    const readable = fileError(error, options.place);
    if (!(error instanceof UserError)) throw readable;
    throw new UserError("unreadable", `${options.place}: ${error.message}`, { cause: error });
  } finally {
    decoder.close();
    await output.close();
  }
}

async function pump(from: string, output: FileHandle, decoder: Decoder, options: ExpandOptions): Promise<void> {
  const total = (await stat(from)).size;
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let done = 0;
  let written = 0;
  const flush = async (): Promise<void> => {
    await writeAll(output, buffer.subarray(0, decoder.produced));
    written += decoder.produced;
    checkSize(written, done, options.limits);
  };
  for await (const chunk of createReadStream(from, { highWaterMark: chunkBytes, signal: options.signal })) {
    for (let input = chunk as Uint8Array; input.length > 0; input = input.subarray(decoder.consumed)) {
      decoder.decode(input, buffer);
      done += decoder.consumed;
      await flush();
    }
    options.onProgress(done, total);
  }
  do {
    decoder.finish(buffer);
    await flush();
  } while (decoder.produced > 0);
}

function checkSize(written: number, read: number, limits: Limits): void {
  if (written > limits.layerBytes)
    throw new UserError("unreadable", `expands to more than the limit of ${limits.layerBytes} bytes`);
  if (written > freeBytes && written > read * limits.expansionRatio) {
    throw new UserError("unreadable", `expands to more than ${limits.expansionRatio} times its size: no real archive does`);
  }
}

async function writeAll(output: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await output.write(bytes, done)).bytesWritten;
}

async function readHead(path: string, place: string, length: number): Promise<Uint8Array> {
  try {
    await using file = await open(path, "r");
    const head = new Uint8Array(length);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    return head.subarray(0, bytesRead);
  } catch (error) {
    throw fileError(error, place);
  }
}
