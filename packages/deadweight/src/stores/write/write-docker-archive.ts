import { defaultLimits } from "../../archive/limits.ts";
import type { OutgoingImage, WriteOptions } from "../../contracts/store.ts";
import type { WrittenCount } from "./count-written.ts";
import { layerFile, smallFiles } from "./docker-files.ts";
import { expandPieces, sniffPieces } from "./expand-pieces.ts";
import { TarFile } from "./tar-file.ts";
import { verifiedBytes, writtenMemory } from "./verified-bytes.ts";
import { counted } from "./write-layout.ts";

/** Writes to a new file what `docker load` reads: layers as plain archives, each once, `manifest.json` last. Syncs it. */
export async function writeDockerArchive(
  path: string,
  image: OutgoingImage,
  name: string | undefined,
  count: WrittenCount,
  { signal }: Pick<WriteOptions, "signal">,
): Promise<void> {
  await using archive = await TarFile.create(path);
  const layers = new Map(image.layers.map((layer) => [layer.diffId, layer]));
  for (const layer of layers.values()) {
    const sniffed = await sniffPieces(counted(verifiedBytes(layer, signal, writtenMemory), count));
    await archive.addUnsized(layerFile(layer.diffId), expandPieces(sniffed, layer, defaultLimits));
  }
  for (const file of smallFiles(image, name)) await archive.add(file.name, file.bytes.length, [file.bytes]);
  await archive.finish();
  count.end();
}
