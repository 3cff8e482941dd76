import { type FileHandle, open } from "node:fs/promises";
import { blockSize } from "../../archive/tar-header.ts";
import { encodeHeader, endOfArchive } from "../../archive/tar-writer.ts";
import { byteStringFromText } from "../../lib/byte-string.ts";

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** A member's header: readable by all, of nobody, and of no time, so that the same image gives the same archive. */
export function memberHeader(name: string, size: number): Uint8Array {
  return encodeHeader({ typeflag: "0", name: byteStringFromText(name), size, mode: 0o644, mtime: 0 });
}

/** Zeros up to the next whole block. */
export function paddingOf(size: number): Uint8Array {
  return new Uint8Array((blockSize - (size % blockSize)) % blockSize);
}

/** A tar archive in a new file. */
export class TarFile {
  readonly #file: FileHandle;
  #end = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(path: string): Promise<TarFile> {
    return new TarFile(await open(path, "wx"));
  }

  /** Adds a regular file of a size that is known; the content must have it. */
  async add(name: string, size: number, content: Pieces): Promise<void> {
    await this.#append([memberHeader(name, size)]);
    await this.#append(content);
    await this.#append([paddingOf(size)]);
  }

  /** Adds a regular file whose size is known once it is written: its header gets room for any size, and is written then. */
  async addUnsized(name: string, content: Pieces): Promise<void> {
    const start = this.#end;
    const header = (size: number): Uint8Array => withPaxSize(name, size);
    await this.#append([header(0)]);
    const contentStart = this.#end;
    await this.#append(content);
    const size = this.#end - contentStart;
    await this.#append([paddingOf(size)]);
    await this.#writeAll(header(size), start);
  }

  /** Ends the archive and syncs it. */
  async finish(): Promise<void> {
    await this.#append([endOfArchive()]);
    await this.#file.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #append(content: Pieces): Promise<void> {
    for await (const piece of content) {
      await this.#writeAll(piece, this.#end);
      this.#end += piece.length;
    }
  }

  async #writeAll(piece: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < piece.length;) {
      done += (await this.#file.write(piece, done, piece.length - done, position + done)).bytesWritten;
    }
  }
}

/** Three blocks whatever the size: the octal field ends at 8 GiB. */
function withPaxSize(name: string, size: number): Uint8Array {
  const pax = new Map([["size", String(size)]]);
  return encodeHeader({ typeflag: "0", name: byteStringFromText(name), size, mode: 0o644, mtime: 0, pax });
}
