// Layout (little-endian; fatbinary_section.h of CUDA 13, and what nvcc, fatbinary and nvlink 13.0 write and take). A container: magic
// 0xBA55ED50 at 0, version 1 at 4 (2 bytes), header size 16 at 6 (2), at 8 the size of all that follows the header (8). Containers stand
// one after the other, aligned to 8. An entry: kind at 0 (2: 1 PTX, 2 ELF cubin, 8 LTO-IR), header size at 4 (4: 64 and a tail, a multiple
// of 8), payload size at 8 (8, a multiple of 8), architecture in decimal at 0x1C (4), flags at 0x28 (8): 0x2000 the payload is an LZ4
// block, 0x8000 a zstd frame, 0x1000 compressed in an older way, 0x100000 suffix a, 0x200000 suffix f. The next one follows the payload.
import { crc32 } from "node:zlib";

/** Device code of one file, in columns: container `i` has the entries from `firsts[i]` up to `firsts[i + 1]`. Offsets are of the file. */
export interface Fatbins {
  /** Where each container begins, with its header, ascending. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** How many zeros follow each. */
  readonly zerosBehind: Float64Array;
  readonly firsts: Uint32Array;
  /** Where each entry begins, with its header. */
  readonly offsets: Float64Array;
  /** Of header and payload. */
  readonly sizes: Float64Array;
  readonly kinds: Uint16Array;
  readonly archs: Uint32Array;
  /** The lower 32 bits. */
  readonly flags: Uint32Array;
  /** CRC-32 of all bytes of an entry. */
  readonly checksums: Uint32Array;
}

/** Sizes of the headers of a container, and of an entry without its tail. */
export const fatbinSizes = { container: 16, entry: 64 } as const;

/** Magic, version and header size: what is looked for. */
const beginning = Buffer.from([0x50, 0xed, 0x55, 0xba, 1, 0, 16, 0]);
/** More entries than this are not told of one file: the largest library known has 18,000. */
const mostEntries = 200_000;

type State = "search" | "container" | "entry" | "content";

/**
 * Finds the containers of device code in a file whose bytes go by, and learns where their entries are. A container that contradicts itself
 * is none, nor what it encloses. Holds the headers' fields, never a payload.
 */
export class FatbinWalker {
  readonly #fileSize: number;
  #state: State = "search";
  #place = 0;
  readonly #held = Buffer.alloc(fatbinSizes.entry);
  #heldBytes = 0;
  #containerEnd = 0;
  #entryEnd = 0;
  #checksum = 0;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #zerosBehind: number[] = [];
  #isCounting = false;
  #isTooMany = false;
  readonly #firsts: number[] = [0];
  #offsets: number[] = [];
  #sizes: number[] = [];
  #kinds: number[] = [];
  #archs: number[] = [];
  #flags: number[] = [];
  #checksums: number[] = [];

  readonly #most: number;

  /** `most` entries are told, or nothing. */
  constructor(fileSize: number, most: number = mostEntries) {
    this.#fileSize = fileSize;
    this.#most = most;
  }

  /** Whether the file has more entries than are told. */
  get isTooMany(): boolean {
    return this.#isTooMany;
  }

  /** Takes the next bytes. */
  write(piece: Uint8Array): void {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    for (let at = 0; at < bytes.length;) {
      const before = at;
      if (this.#state === "content") at = this.#pass(bytes, at);
      else if (this.#state === "search" && this.#heldBytes === 0) at = this.#search(bytes, at);
      else at = this.#hold(bytes, at);
      this.#place += at - before;
      if (this.#state !== "content" && this.#heldBytes === this.#wanted()) this.#takeHeader();
    }
  }

  /** What was found; undefined when there is nothing, or more than is told. */
  finish(): Fatbins | undefined {
    if (this.#state !== "search") this.#forget();
    if (this.#starts.length === 0 || this.#isTooMany) return undefined;
    return {
      starts: Float64Array.from(this.#starts),
      ends: Float64Array.from(this.#ends),
      zerosBehind: Float64Array.from(this.#zerosBehind),
      firsts: Uint32Array.from(this.#firsts),
      offsets: Float64Array.from(this.#offsets),
      sizes: Float64Array.from(this.#sizes),
      kinds: Uint16Array.from(this.#kinds),
      archs: Uint32Array.from(this.#archs),
      flags: Uint32Array.from(this.#flags),
      checksums: Uint32Array.from(this.#checksums),
    };
  }

  /** Up to the beginning of a container, or to what may be one that the next piece goes on with. */
  #search(bytes: Buffer, from: number): number {
    this.#countZeros(bytes, from, bytes.length);
    for (let at = bytes.indexOf(beginning, from); at >= 0; at = bytes.indexOf(beginning, at + 1)) {
      if ((this.#place + at - from) % 8 === 0) {
        this.#state = "container";
        return at;
      }
    }
    const rest = (this.#place + bytes.length - from) % 8;
    if (rest === 0 || rest > bytes.length - from) return bytes.length;
    bytes.copy(this.#held, 0, bytes.length - rest);
    this.#heldBytes = rest;
    return bytes.length;
  }

  #countZeros(bytes: Buffer, from: number, end: number): void {
    if (!this.#isCounting) return;
    let at = from;
    while (at < end && bytes[at] === 0) at++;
    this.#zerosBehind[this.#zerosBehind.length - 1] = (this.#zerosBehind.at(-1) ?? 0) + at - from;
    this.#isCounting = at === end;
  }

  #wanted(): number {
    return this.#state === "search" ? beginning.length : fatbinSizes[this.#state === "container" ? "container" : "entry"];
  }

  #hold(bytes: Buffer, at: number): number {
    const count = Math.min(this.#wanted() - this.#heldBytes, bytes.length - at);
    if (this.#state === "search") this.#countZeros(bytes, at, at + count);
    bytes.copy(this.#held, this.#heldBytes, at, at + count);
    this.#heldBytes += count;
    return at + count;
  }

  #takeHeader(): void {
    if (this.#state === "search") {
      if (this.#held.compare(beginning, 0, beginning.length, 0, beginning.length) === 0) this.#state = "container";
      else this.#heldBytes = 0;
      return;
    }
    const isTaken = this.#state === "container" ? this.#beginContainer() : this.#beginEntry();
    this.#heldBytes = 0;
    if (!isTaken) this.#forget();
  }

  #beginContainer(): boolean {
    const size = sizeAt(this.#held, 8);
    if (size === 0 || size > this.#fileSize - this.#place) return false;
    this.#starts.push(this.#place - fatbinSizes.container);
    this.#containerEnd = this.#place + size;
    this.#state = "entry";
    return size >= fatbinSizes.entry;
  }

  #beginEntry(): boolean {
    const [headerSize, payloadSize] = [this.#held.readUInt32LE(4), sizeAt(this.#held, 8)];
    const offset = this.#place - fatbinSizes.entry;
    const size = headerSize + payloadSize;
    const isAligned = headerSize % 8 === 0 && payloadSize % 8 === 0;
    if (headerSize < fatbinSizes.entry || !isAligned || offset + size > this.#containerEnd) return false;
    if (this.#offsets.length >= this.#most) {
      this.#isTooMany = true;
      return false;
    }
    this.#offsets.push(offset);
    this.#sizes.push(size);
    this.#kinds.push(this.#held.readUInt16LE(0));
    this.#archs.push(this.#held.readUInt32LE(0x1c));
    this.#flags.push(this.#held.readUInt32LE(0x28));
    this.#checksum = crc32(this.#held);
    this.#entryEnd = offset + size;
    this.#state = "content";
    if (this.#entryEnd === this.#place) this.#endEntry();
    return true;
  }

  #pass(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#entryEnd - this.#place);
    this.#checksum = crc32(bytes.subarray(at, end), this.#checksum);
    if (this.#place + end - at === this.#entryEnd) this.#endEntry();
    return end;
  }

  #endEntry(): void {
    this.#checksums.push(this.#checksum);
    const rest = this.#containerEnd - this.#entryEnd;
    this.#state = rest === 0 ? "search" : "entry";
    if (rest === 0) {
      this.#ends.push(this.#containerEnd);
      this.#zerosBehind.push(0);
      this.#isCounting = true;
      this.#firsts.push(this.#offsets.length);
    } else if (rest < fatbinSizes.entry) this.#forget();
  }

  /** Takes back a container that is none. */
  #forget(): void {
    this.#state = "search";
    this.#heldBytes = 0;
    const kept = this.#firsts.at(-1) ?? 0;
    this.#starts.length = this.#ends.length;
    for (const column of [this.#offsets, this.#sizes, this.#kinds, this.#archs, this.#flags, this.#checksums])
      column.length = Math.min(column.length, kept);
  }
}

/** Larger numbers than any file has are larger than what is left of this one. */
function sizeAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}
