import { textOf, type ByteString } from "../lib/byte-string.ts";
import { UserError } from "../lib/user-error.ts";
import type { Limits } from "./limits.ts";
import { parsePax, parsePaxTime, type PaxRecords } from "./pax.ts";
import {
  checkSparseRegions,
  paxSparseFormat,
  parseOldSparseRegions,
  parsePaxSparseMap,
  parseSparseMapBody,
  sparseMapLines,
} from "./sparse-map.ts";
import type { SparseRegion } from "./sparse-map.ts";
import { blockSize, field, isZeroBlock, parseHeader, type TarHeader } from "./tar-header.ts";
import { parseDecimal, parseTarNumber } from "./tar-number.ts";

/** One tar record with everything that its headers say: long names, PAX records and sparse maps applied. */
export interface TarEntry {
  readonly typeflag: string;
  readonly name: ByteString;
  readonly linkname: ByteString;
  /** What a container sees; for a sparse file holes included. */
  readonly size: number;
  /** Content bytes in the archive, a sparse map of format 1.0 not counted. */
  readonly storedSize: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970, with the fraction. */
  readonly mtime: number;
  readonly uname: ByteString;
  readonly gname: ByteString;
  readonly devmajor: number;
  readonly devminor: number;
  readonly pax: PaxRecords;
  readonly sparse: readonly SparseRegion[] | undefined;
  /** Offset in the archive of the first block that belongs to the entry, its PAX or long-name headers included. */
  readonly start: number;
  readonly contentStart: number;
}

/** What a tar reader tells. Content arrives in order, in pieces that are valid during the call alone. */
export interface TarHandler {
  readonly entry: (entry: TarEntry) => void;
  readonly content: (piece: Uint8Array) => void;
  /** After the last piece; also for entries without content. */
  readonly endEntry: () => void;
}

/** Entries by this type have no content, whatever their size says (Go, bsdtar). */
const withoutContent = new Set(["1", "2", "3", "4", "5", "6"]);
const noRecords: PaxRecords = new Map();

type State = "header" | "special" | "sparse-extension" | "sparse-map" | "content" | "padding" | "ended";

/**
 * A push parser for tar streams: ustar, PAX, GNU and star, with the verdicts of Go's archive/tar, which Docker, containerd and
 * Podman read layers with. Any split of the input gives the same calls. Throws UserError `corrupt-layer` with the offset.
 */
export class TarReader {
  readonly #handler: TarHandler;
  readonly #limits: Limits;
  #state: State = "header";
  #offset = 0;
  /** Bytes that the state still wants, padding not counted. */
  #wanted = blockSize;
  #padding = 0;
  #collected: Uint8Array[] = [];
  #collectedBytes = 0;
  #start = 0;
  #zeroBlocks = 0;
  #pending: { pax: PaxRecords; longName: ByteString; longLink: ByteString } = { pax: noRecords, longName: "", longLink: "" };
  #header: TarHeader | undefined;
  #regions: SparseRegion[] = [];
  #storedSize = 0;
  #mapBytes: Uint8Array[] = [];
  #mapLines = 0;
  #mapLinesWanted: number | undefined;
  #entryName: ByteString = "";

  constructor(handler: TarHandler, limits: Limits) {
    this.#handler = handler;
    this.#limits = limits;
  }

  /** Offset where the end of the archive begins: after the last entry and its padding. */
  get endOfEntries(): number {
    return this.#start;
  }

  /** Whether the blocks that end an archive have been read: the rest is not looked at. */
  get ended(): boolean {
    return this.#state === "ended";
  }

  /** Content bytes that may be left out of the input now: call `skip` with at most as many. */
  get skippable(): number {
    return this.#state === "content" ? this.#wanted : 0;
  }

  /** Goes on as if `count` bytes of content had been written; for archives that can be read by offset. */
  skip(count: number): void {
    this.#offset += count;
    this.#wanted -= count;
    if (this.#wanted === 0) this.#finishContent();
  }

  /** Takes the next bytes of the archive, any number of them. */
  write(chunk: Uint8Array): void {
    let at = 0;
    try {
      while (at < chunk.length) {
        const count = Math.min(
          this.#state === "padding" ? this.#padding : this.#state === "ended" ? chunk.length : this.#wanted,
          chunk.length - at,
        );
        this.#take(chunk.subarray(at, at + count));
        at += count;
      }
    } catch (error) {
      throw this.located(error);
    }
  }

  /** Says that the input has ended. Throws when it ended inside an entry. */
  end(): void {
    if (this.#state === "ended" || this.#state === "padding") return;
    if (this.#state === "header" && this.#collectedBytes === 0) return;
    throw this.located(
      new UserError(
        "corrupt-layer",
        `tar: the archive ends in the middle of ${this.#state === "content" ? "a file" : "a header"}`,
      ),
    );
  }

  #take(piece: Uint8Array): void {
    this.#offset += piece.length;
    if (this.#state === "ended") return;
    if (this.#state === "padding") {
      this.#padding -= piece.length;
      if (this.#padding === 0) this.#expectHeader();
      return;
    }
    this.#wanted -= piece.length;
    if (this.#state === "content") {
      this.#handler.content(piece);
      if (this.#wanted === 0) this.#finishContent();
      return;
    }
    const whole = this.#collect(piece);
    if (whole === undefined) return;
    if (this.#state === "header") this.#takeHeader(whole);
    else if (this.#state === "special") this.#takeSpecial(whole);
    else if (this.#state === "sparse-extension") this.#takeSparseExtension(whole);
    else this.#takeSparseMap(whole);
  }

  /** The collected bytes once they are all there. A piece that is whole by itself is not copied. */
  #collect(piece: Uint8Array): Uint8Array | undefined {
    if (this.#wanted === 0 && this.#collected.length === 0) return piece;
    // A copy: `slice` of a Buffer is none.
    this.#collected.push(new Uint8Array(piece));
    this.#collectedBytes += piece.length;
    if (this.#wanted > 0) return undefined;
    const whole = this.#collected.length === 1 ? this.#collected[0] : Buffer.concat(this.#collected);
    this.#collected = [];
    this.#collectedBytes = 0;
    return whole;
  }

  #expect(state: State, bytes: number): void {
    this.#state = state;
    this.#wanted = bytes;
  }

  #expectHeader(): void {
    this.#expect("header", blockSize);
  }

  #takeHeader(block: Uint8Array): void {
    if (isZeroBlock(block)) {
      this.#zeroBlocks++;
      if (this.#zeroBlocks === 2) this.#state = "ended";
      else this.#expectHeader();
      return;
    }
    if (this.#zeroBlocks > 0) throw new UserError("corrupt-layer", "tar: a header follows a lone block of zeros");
    const header = parseHeader(block);
    this.#entryName = header.name;
    const size = withoutContent.has(header.typeflag) ? 0 : checkedSize(header.size);
    if (header.typeflag === "x" || header.typeflag === "g" || header.typeflag === "L" || header.typeflag === "K") {
      if (size > this.#limits.specialHeaderBytes)
        throw new UserError(
          "corrupt-layer",
          `tar: a special header of ${size} bytes, more than ${this.#limits.specialHeaderBytes}`,
        );
      this.#header = header;
      this.#padding = paddingOf(size);
      this.#expect("special", size);
      if (size === 0) this.#takeSpecial(new Uint8Array(0));
    } else this.#startEntry(header, block);
  }

  #takeSpecial(body: Uint8Array): void {
    const typeflag = this.#header?.typeflag;
    if (typeflag === "x") this.#pending.pax = parsePax(body);
    else if (typeflag === "g") {
      // Runtimes read global records and do not apply them, as Go's reader leaves that to its caller and they don't; a pending
      // local header or long name is lost with it.
      parsePax(body);
      this.#pending = { pax: noRecords, longName: "", longLink: "" };
    } else if (typeflag === "L") this.#pending.longName = untilNul(body);
    else this.#pending.longLink = untilNul(body);
    this.#pad();
  }

  #startEntry(header: TarHeader, block: Uint8Array): void {
    const { pax } = this.#pending;
    this.#header = mergeRecords(header, pax, this.#pending.longName, this.#pending.longLink);
    this.#entryName = this.#header.name;
    this.#regions = [];
    const stored = withoutContent.has(this.#header.typeflag) ? 0 : checkedSize(this.#header.size);
    this.#padding = paddingOf(stored);
    if (header.typeflag === "S") this.#startOldSparse(block, stored);
    else {
      const format = paxSparseFormat(pax);
      if (format === undefined) this.#announce(stored, stored, undefined);
      else this.#startPaxSparse(format, pax, stored);
    }
  }

  #startOldSparse(block: Uint8Array, stored: number): void {
    if (parseHeader(block).format !== "gnu")
      throw new UserError("corrupt-layer", "tar: a sparse file in an archive that is not GNU's");
    this.#header = { ...this.#currentHeader(), size: parseTarNumber(block, 483, 12) };
    this.#regions.push(...parseOldSparseRegions(block, 386, 4));
    this.#storedSize = stored;
    if ((block[482] ?? 0) > 0) this.#expect("sparse-extension", blockSize);
    else this.#announce(stored, stored, this.#regions);
  }

  #takeSparseExtension(block: Uint8Array): void {
    this.#regions.push(...parseOldSparseRegions(block, 0, 21));
    if (this.#regions.length * 24 > this.#limits.specialHeaderBytes)
      throw new UserError("corrupt-layer", "tar: a sparse map larger than the limit");
    if ((block[504] ?? 0) > 0) this.#expect("sparse-extension", blockSize);
    else this.#announce(this.#storedSize, this.#storedSize, this.#regions);
  }

  #startPaxSparse(format: "0.1" | "1.0", pax: PaxRecords, stored: number): void {
    const size = pax.get("GNU.sparse.size") || pax.get("GNU.sparse.realsize");
    const header = this.#currentHeader();
    this.#header = {
      ...header,
      name: pax.get("GNU.sparse.name") || header.name,
      size: size === undefined || size === "" ? header.size : parseDecimal(size, "GNU.sparse.size"),
    };
    if (format === "0.1") this.#announce(stored, stored, parsePaxSparseMap(pax));
    else {
      this.#storedSize = stored;
      this.#mapBytes = [];
      this.#mapLines = 0;
      this.#mapLinesWanted = undefined;
      this.#expectMapBlock();
    }
  }

  #expectMapBlock(): void {
    const used = this.#mapBytes.length * blockSize;
    if (used + blockSize > this.#storedSize) throw new UserError("corrupt-layer", "tar: a sparse map that goes on past its file");
    if (used + blockSize > this.#limits.specialHeaderBytes)
      throw new UserError("corrupt-layer", "tar: a sparse map larger than the limit");
    this.#expect("sparse-map", blockSize);
  }

  #takeSparseMap(block: Uint8Array): void {
    this.#mapBytes.push(new Uint8Array(block));
    this.#mapLines += countNewlines(block);
    if (this.#mapLinesWanted === undefined && this.#mapLines > 0)
      this.#mapLinesWanted = sparseMapLines(Buffer.concat(this.#mapBytes));
    if (this.#mapLinesWanted === undefined || this.#mapLines < this.#mapLinesWanted) return this.#expectMapBlock();
    const body = Buffer.concat(this.#mapBytes);
    this.#announce(this.#storedSize - body.length, this.#storedSize, parseSparseMapBody(body));
  }

  /** Tells the entry. `content` bytes are left to read of `stored`. */
  #announce(content: number, stored: number, sparse: readonly SparseRegion[] | undefined): void {
    const header = this.#currentHeader();
    if (sparse !== undefined) {
      if (withoutContent.has(header.typeflag)) throw new UserError("corrupt-layer", "tar: a sparse map for what is no file");
      checkSparseRegions(sparse, header.size);
    }
    const { pax } = this.#pending;
    this.#pending = { pax: noRecords, longName: "", longLink: "" };
    this.#padding = paddingOf(stored);
    this.#entryName = header.name;
    this.#handler.entry({ ...header, storedSize: content, pax, sparse, start: this.#start, contentStart: this.#offset });
    this.#expect("content", content);
    if (content === 0) this.#finishContent();
  }

  #finishContent(): void {
    this.#handler.endEntry();
    this.#start = this.#offset + this.#padding;
    this.#pad();
  }

  #pad(): void {
    if (this.#padding === 0) this.#expectHeader();
    else this.#state = "padding";
  }

  #currentHeader(): TarHeader {
    if (this.#header === undefined) throw new Error("no header was read");
    return this.#header;
  }

  /** A UserError with the offset and the path at hand in its message; any other error as it is. */
  located(error: unknown): unknown {
    if (!(error instanceof UserError)) return error;
    const name = this.#entryName === "" ? "" : ` near ${JSON.stringify(textOf(this.#entryName))}`;
    return new UserError(error.code, `${error.message} (at byte ${this.#offset} of the layer${name})`, { cause: error });
  }
}

/** The header with its PAX records and GNU long names; the long names win, as in Go. */
function mergeRecords(header: TarHeader, pax: PaxRecords, longName: ByteString, longLink: ByteString): TarHeader {
  const merged = pax.size === 0 ? header : withRecords(header, pax);
  const name = longName || merged.name;
  const typeflag = merged.typeflag !== "\0" ? merged.typeflag : name.endsWith("/") ? "5" : "0";
  return { ...merged, name, linkname: longLink || merged.linkname, typeflag };
}

function withRecords(header: TarHeader, pax: PaxRecords): TarHeader {
  const text = (key: string): ByteString | undefined => pax.get(key) || undefined;
  const number = (key: string, otherwise: number): number =>
    text(key) === undefined ? otherwise : parseDecimal(text(key) ?? "", key);
  const time = (key: string, otherwise: number): number =>
    text(key) === undefined ? otherwise : parsePaxTime(text(key) ?? "", key);
  time("atime", 0);
  time("ctime", 0);
  return {
    ...header,
    name: text("path") ?? header.name,
    linkname: text("linkpath") ?? header.linkname,
    uname: text("uname") ?? header.uname,
    gname: text("gname") ?? header.gname,
    uid: number("uid", header.uid),
    gid: number("gid", header.gid),
    size: number("size", header.size),
    mtime: time("mtime", header.mtime),
  };
}

function checkedSize(size: number): number {
  if (!Number.isSafeInteger(size) || size < 0) throw new UserError("corrupt-layer", `tar header: a size of ${size} bytes`);
  return size;
}

function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

function untilNul(body: Uint8Array): ByteString {
  return field(body, 0, body.length);
}

function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === 0x0a) count++;
  return count;
}
