import { createCipheriv } from "node:crypto";
import { createReadStream, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { defaultLimits } from "../../src/archive/limits.ts";
import type { ImageSource, Outgoing, OutgoingBlob, OutgoingImage, WriteOptions } from "../../src/contracts/store.ts";
import { completeImage } from "../../src/image/complete.ts";
import type { BlobBytes, Descriptor, Image } from "../../src/model/image.ts";
import { sha256 } from "./archived-image.ts";
import { openOptions } from "./open-options.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const place = temporaryFolder();

/** A layer to write: a plain archive and how it is stored. */
export interface TestLayer {
  readonly archive: Uint8Array;
  readonly compression?: "none" | "gzip" | "zstd";
  /** Stored bytes come from a file unless it is a stream. */
  readonly isStream?: boolean;
  readonly mountFrom?: string;
}

export interface TestImageOptions {
  readonly architecture?: string;
  /** What a container runs. */
  readonly command?: readonly string[];
}

/** An image of one platform with these layers, lowest first. */
export function outgoingImage(
  layers: readonly TestLayer[],
  { architecture = "amd64", command }: TestImageOptions = {},
): OutgoingImage {
  const stored = layers.map(storedLayer);
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: "linux",
      config: command === undefined ? {} : { Cmd: command },
      rootfs: { type: "layers", diff_ids: stored.map(({ diffId }) => diffId) },
      history: stored.map((_, index) => ({ created_by: `layer ${index}` })),
    }),
  );
  const configDescriptor = describe("application/vnd.oci.image.config.v1+json", config);
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, config: configDescriptor, layers: stored.map(({ descriptor }) => descriptor) }),
  );
  return {
    manifest: { descriptor: { ...describe(mediaType, manifest), platform: { os: "linux", architecture } }, bytes: manifest },
    config: { descriptor: configDescriptor, bytes: config },
    layers: stored,
  };
}

/** One image without an index, or several under one. */
export function outgoingOf(...images: readonly OutgoingImage[]): Outgoing {
  if (images.length === 1) return { images };
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const manifests = images.map(({ manifest }) => manifest.descriptor);
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  return { images, index: { descriptor: describe(mediaType, bytes), bytes } };
}

/** The same image with the stored bytes of its first layer replaced by what `change` makes of them; its descriptor stays. */
export function lying(outgoing: Outgoing, change: (bytes: BlobBytes) => BlobBytes): Outgoing {
  const [image, ...images] = outgoing.images;
  const [layer, ...layers] = image?.layers ?? [];
  if (image === undefined || layer === undefined) throw new Error("no layer to change");
  return { ...outgoing, images: [{ ...image, layers: [{ ...layer, bytes: change(layer.bytes) }, ...layers] }, ...images] };
}

/** A blob's bytes as a stream of these pieces. */
export function streamOf(...pieces: readonly Uint8Array[]): BlobBytes {
  const open = async function* (): AsyncGenerator<Uint8Array> {
    yield* pieces;
  };
  return { kind: "stream", size: pieces.reduce((sum, piece) => sum + piece.length, 0), open };
}

/** Bytes that can't be compressed, the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  return createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Options to write with: an environment of this test alone, nothing forced. */
export function writeOptions(changes: Partial<WriteOptions> = {}): WriteOptions {
  const { platform: _, ...options } = openOptions();
  return { ...options, force: false, ...changes };
}

/** The image behind a source, checked, with all bytes of its layers as stored. */
export async function readBack(source: ImageSource, architecture = "amd64"): Promise<{ image: Image; layers: Buffer[] }> {
  const image = await completeImage(source, { os: "linux", architecture }, defaultLimits);
  const layers: Buffer[] = [];
  for (const { blob } of image.layers) layers.push(await bytesOf(blob));
  return { image, layers };
}

/** All bytes of a blob. */
export async function bytesOf(blob: BlobBytes): Promise<Buffer> {
  if (blob.kind === "stream") return Buffer.concat(await Array.fromAsync(blob.open()));
  const { path, offset, size } = blob;
  return size === 0
    ? Buffer.alloc(0)
    : Buffer.concat(await Array.fromAsync(createReadStream(path, { start: offset, end: offset + size - 1 })));
}

function storedLayer({
  archive,
  compression = "none",
  isStream = false,
  mountFrom,
}: TestLayer): OutgoingBlob & { readonly diffId: string } {
  const stored = { none: archive, gzip: gzipSync(archive), zstd: zstdCompressSync(archive) }[compression];
  const suffix = { none: "", gzip: "+gzip", zstd: "+zstd" }[compression];
  return {
    descriptor: describe(`application/vnd.oci.image.layer.v1.tar${suffix}`, stored),
    diffId: `sha256:${sha256(archive)}`,
    bytes: isStream ? streamOf(stored.subarray(0, 3), stored.subarray(3)) : fileAround(stored),
    ...(mountFrom === undefined ? {} : { mountFrom }),
  };
}

/** In a file with something before and behind it. */
function fileAround(bytes: Uint8Array): BlobBytes {
  const path = join(mkdtempSync(join(place, "blob-")), "bytes");
  writeFileSync(path, Buffer.concat([Buffer.from("before"), bytes, Buffer.from("behind")]));
  return { kind: "file", path, offset: 6, size: bytes.length };
}

function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: `sha256:${sha256(bytes)}`, size: bytes.length };
}
