import { constants, deflateRawSync, zstdCompressSync } from "node:zlib";
import { createDecoder, sniffCompression } from "../../archive/decoder.ts";
import type { Limits } from "../../archive/limits.ts";
import type { BlobBytes } from "../../model/image.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import { filePieces } from "./blob-pieces.ts";
import type { Compressed } from "./compress-blocks.ts";

/** How samples are taken: so many bytes at each `stride`, after as many as a compressor looks back. */
interface Sampling {
  readonly history: number;
  readonly window: number;
  readonly stride: number;
}

const mebibyte = 1024 * 1024;
const samplings: Readonly<Record<Compressed["kind"], Sampling>> = {
  gzip: { history: 32 * 1024, window: mebibyte, stride: 16 * mebibyte },
  zstd: { history: 8 * mebibyte, window: 8 * mebibyte, stride: 32 * mebibyte },
  none: { history: 0, window: mebibyte, stride: 16 * mebibyte },
};
const outputBytes = 128 * 1024;
/** No more of a layer is decompressed. */
const mostBytes = 64 * mebibyte;

/** Bytes of a layer as they come out of the decompressor, and what it took for them. */
interface Decoded {
  readonly bytes: Uint8Array;
  readonly consumed: number;
}

/**
 * What a layer's content would take when it is compressed anew, as a share of what it takes: by samples from within it. 1 where it can't
 * be told without fetching it. Throws UserError `corrupt-layer`.
 */
export function sampleCompression(blob: BlobBytes, layer: LayerIndex, how: Compressed, limits: Limits): number {
  if (blob.kind !== "file" || (layer.compression === "none" && how.kind === "none")) return 1;
  const sampler = new Sampler(how);
  for (const step of decodedSteps(blob, limits)) if (!sampler.add(step)) break;
  return sampler.share();
}

/** Takes samples of what comes by. */
class Sampler {
  readonly #how: Compressed;
  readonly #sampling: Sampling;
  #isSampled = true;
  /** Bytes of the sample, or of what is passed over, and of the latter only what may be history. */
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #history = Buffer.alloc(0);
  #total = 0;
  #before = 0;
  #after = 0;

  constructor(how: Compressed) {
    this.#how = how;
    this.#sampling = samplings[how.kind];
  }

  /** Whether more is wanted. */
  add({ bytes, consumed }: Decoded): boolean {
    const { history, window, stride } = this.#sampling;
    this.#total += bytes.length;
    this.#bytes += bytes.length;
    if (this.#isSampled) this.#before += consumed;
    if (this.#isSampled || this.#bytes > stride - window - history - 2 * outputBytes) this.#chunks.push(bytes.slice());
    if (this.#isSampled && this.#bytes >= window) this.#weigh();
    else if (!this.#isSampled && this.#bytes >= stride - window) {
      const passed = Buffer.concat(this.#chunks);
      this.#history = passed.subarray(Math.max(0, passed.length - history));
      this.#start(true);
    }
    return this.#total < mostBytes;
  }

  share(): number {
    if (this.#isSampled && this.#bytes > 0) this.#weigh();
    return this.#before === 0 ? 1 : this.#after / this.#before;
  }

  /** What the sample takes once what is before it is known. */
  #weigh(): void {
    const whole = Buffer.concat([this.#history, ...this.#chunks]);
    const known = this.#history.length === 0 ? 0 : compressedSize(this.#history, this.#how);
    this.#after += compressedSize(whole, this.#how) - known;
    this.#start(false);
  }

  #start(isSampled: boolean): void {
    this.#isSampled = isSampled;
    this.#chunks = [];
    this.#bytes = 0;
  }
}

function compressedSize(bytes: Uint8Array, { kind, level }: Compressed): number {
  if (kind === "none") return bytes.length;
  if (kind === "gzip") return deflateRawSync(bytes, { level }).length;
  const { ZSTD_c_compressionLevel: levelKey, ZSTD_c_windowLog: windowKey } = constants;
  return zstdCompressSync(bytes, { params: { [levelKey]: level, [windowKey]: 23 } }).length;
}

/** The beginning of a blob in steps of 128 KiB at most; each is valid until the next. */
function* decodedSteps(blob: Extract<BlobBytes, { kind: "file" }>, limits: Limits): Generator<Decoded> {
  const output = new Uint8Array(outputBytes);
  let decoder: ReturnType<typeof createDecoder> | undefined;
  let consumed = 0;
  try {
    for (const piece of filePieces(blob)) {
      decoder ??= createDecoder(sniffCompression(piece), limits);
      for (let at = 0; at < piece.length; at += decoder.consumed) {
        decoder.decode(piece.subarray(at), output);
        consumed += decoder.consumed;
        if (decoder.produced === 0) continue;
        yield { bytes: output.subarray(0, decoder.produced), consumed };
        consumed = 0;
      }
    }
  } finally {
    decoder?.close();
  }
}
