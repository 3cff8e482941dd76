import { constants, gzipSync, zstdCompressSync } from "node:zlib";

/** The content as one gzip member for each part; a part ends at each of `borders` (bytes of content, ascending). */
export function gzipMembers(content: Uint8Array, borders: readonly number[] = []): Uint8Array {
  return Buffer.concat(parts(content, borders).map((part) => gzipSync(part)));
}

export interface ZstdOptions {
  readonly checksum?: boolean;
  readonly contentSize?: boolean;
  readonly level?: number;
}

/** One zstd frame. */
export function zstdFrame(content: Uint8Array, { checksum = true, contentSize = true, level = 1 }: ZstdOptions = {}): Uint8Array {
  return zstdCompressSync(content, {
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: Number(checksum),
      [constants.ZSTD_c_contentSizeFlag]: Number(contentSize),
    },
  });
}

/** The content as zstd frames, as `gzipMembers` does. */
export function zstdFrames(content: Uint8Array, borders: readonly number[] = [], options: ZstdOptions = {}): Uint8Array {
  return Buffer.concat(parts(content, borders).map((part) => zstdFrame(part, options)));
}

/** A skippable zstd frame, RFC 8878 3.1.2; `kind` is 0 to 15. */
export function skippableFrame(content: Uint8Array, kind = 0): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50 + kind, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

function parts(content: Uint8Array, borders: readonly number[]): readonly Uint8Array[] {
  const ends = [...borders, content.length];
  return ends.map((end, index) => content.subarray(ends[index - 1] ?? 0, end));
}
