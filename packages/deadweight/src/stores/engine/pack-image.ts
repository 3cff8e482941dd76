import { mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { defaultLimits } from "../../archive/limits.ts";
import { endOfArchive } from "../../archive/tar-writer.ts";
import type { OutgoingImage, WriteOptions } from "../../contracts/store.ts";
import { fileError } from "../../lib/file-error.ts";
import type { WrittenCount } from "../write/count-written.ts";
import { layerFile, smallFiles } from "../write/docker-files.ts";
import { expandPieces, type SniffedPieces, sniffPieces } from "../write/expand-pieces.ts";
import { memberHeader, paddingOf } from "../write/tar-file.ts";
import { partOfFile, sentMemory, verifiedBytes } from "../write/verified-bytes.ts";
import { counted } from "../write/write-layout.ts";
import { writePieces } from "../write/write-pieces.ts";

type OutgoingLayer = OutgoingImage["layers"][number];

/**
 * What `docker load` reads, as a stream, `manifest.json` last. Engines expand gzip themselves and check the diffId; zstd, which not
 * all of them know, is expanded here, one layer at a time in a file, as its size comes before it.
 */
export async function* packImage(
  image: OutgoingImage,
  name: string,
  count: WrittenCount,
  { signal, temporaryFolder }: Pick<WriteOptions, "signal" | "temporaryFolder">,
): AsyncGenerator<Uint8Array> {
  const layers = new Map(image.layers.map((layer) => [layer.diffId, layer]));
  for (const layer of layers.values()) {
    const sniffed = await sniffPieces(counted(verifiedBytes(layer, signal, sentMemory), count));
    yield* sniffed.compression === "zstd" ? expanded(layer, sniffed, temporaryFolder) : asStored(layer, sniffed);
  }
  for (const { name: file, bytes } of smallFiles(image, name)) {
    yield* [memberHeader(file, bytes.length), bytes, paddingOf(bytes.length)];
  }
  yield endOfArchive();
}

async function* asStored({ descriptor, diffId }: OutgoingLayer, { pieces }: SniffedPieces): AsyncGenerator<Uint8Array> {
  yield memberHeader(layerFile(diffId), descriptor.size);
  yield* pieces;
  yield paddingOf(descriptor.size);
}

async function* expanded(layer: OutgoingLayer, sniffed: SniffedPieces, temporaryFolder: string): AsyncGenerator<Uint8Array> {
  const what = `layer ${layer.descriptor.digest}, expanded in ${temporaryFolder}`;
  const folder = await mkdtemp(join(temporaryFolder, "layer-")).catch((error: unknown) => {
    throw fileError(error, what);
  });
  try {
    const path = join(folder, "plain");
    const size = await writeNew(path, expandPieces(sniffed, layer, defaultLimits));
    yield memberHeader(layerFile(layer.diffId), size);
    yield* partOfFile({ kind: "file", path, offset: 0, size }, what, sentMemory);
    yield paddingOf(size);
  } catch (error) {
    throw fileError(error, what);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bytes written to a new file. */
async function writeNew(path: string, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  await using file = await open(path, "wx", 0o600);
  await writePieces(file, pieces);
  return (await file.stat()).size;
}
