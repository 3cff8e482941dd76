import { createGunzip, createInflateRaw, createZstdDecompress } from "node:zlib";
import { UserError } from "../lib/user-error.ts";

/**
 * Node's own decompressors as a synchronous call that tells how much input each piece of output took. Node has no public way to
 * ask that: this is the internal interface that its streams use (`_handle.writeSync`, as npm's minizlib does), kept to this file
 * and checked by a test on every supported Node.
 */
interface NativeHandle {
  writeSync: (
    flush: number,
    input: Uint8Array,
    inputStart: number,
    inputLength: number,
    output: Uint8Array,
    outputStart: number,
    outputLength: number,
  ) => void;
  reset: () => void;
  close: () => void;
  onerror: (message: string, errno: number, code: string) => void;
}

interface NativeStream {
  readonly _handle: NativeHandle;
  /** Output space and input left over after a call. */
  readonly _writeState: Uint32Array;
}

const noInput = new Uint8Array(0);

/** A synchronous decompressor; `consumed` and `produced` tell of the last call. */
export class ZlibHandle {
  readonly #stream: NativeStream;
  #failure: string | undefined;
  consumed = 0;
  produced = 0;

  /** `deflate` is the data inside a gzip member, without header and trailer. */
  constructor(kind: "gzip" | "deflate" | "zstd") {
    const create = { gzip: createGunzip, deflate: createInflateRaw, zstd: createZstdDecompress }[kind];
    this.#stream = create() as unknown as NativeStream;
    this.#stream._handle.onerror = (message) => {
      this.#failure = message;
    };
  }

  /** Decompresses as much as fits. `flush` is a constant of node:zlib. Throws UserError `corrupt-layer`. */
  write(
    flush: number,
    input: Uint8Array | undefined,
    start: number,
    length: number,
    output: Uint8Array,
    outputStart: number,
    outputLength: number,
  ): void {
    this.#stream._handle.writeSync(flush, input ?? noInput, start, length, output, outputStart, outputLength);
    if (this.#failure !== undefined) throw new UserError("corrupt-layer", `decompress: ${this.#failure}`);
    this.consumed = length - (this.#stream._writeState[1] ?? 0);
    this.produced = outputLength - (this.#stream._writeState[0] ?? 0);
  }

  reset(): void {
    this.#stream._handle.reset();
  }

  close(): void {
    this.#stream._handle.close();
  }
}
