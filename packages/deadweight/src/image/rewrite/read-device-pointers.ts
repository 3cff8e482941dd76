import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { sampleEntries } from "../../model/device-image.ts";
import type { DevicePointers, UnprovenPointers } from "../../model/device-pointers.ts";
import type { Image, Layer } from "../../model/image.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import { spanOf } from "./entry-span.ts";
import { createLayerRewriter } from "./layer-rewriter.ts";
import { localBlob } from "./rewrite-layers.ts";
import type { DeviceFilePart } from "./rewrite-threads.ts";
import type { SumOptions } from "./sum-cut-contents.ts";

/** By entry of the whole image what leads to device code, and the image with blobs of those layers in files. */
export interface LookedInto {
  readonly pointers: ReadonlyMap<number, DevicePointers | UnprovenPointers>;
  readonly image: Image;
}

/**
 * Reads the layers once more that have files with device code, up to the last one of each: where relocations and symbols are is known only
 * when the section headers have been seen, at the end of a file. Throws UserError `corrupt-layer`, `no-space`.
 */
export async function readDevicePointers(image: Image, layers: readonly LayerIndex[], options: SumOptions): Promise<LookedInto> {
  const pointers = new Map<number, DevicePointers | UnprovenPointers>();
  const local: Layer[] = [];
  const rewriter = createLayerRewriter({ ...options, threads: 0 });
  // Another platform of the index has layers of the same numbers.
  const folder = await mkdtemp(join(options.folder, "device-"));
  let first = 0;
  try {
    for (const layer of image.layers) {
      const index = layers[layer.index];
      const deviceFiles = index === undefined ? [] : deviceFilesOf(index, first);
      first += index?.count ?? 0;
      if (index === undefined || deviceFiles.length === 0) {
        local.push(layer);
        continue;
      }
      const id = `device-${layer.index}`;
      const total = layer.blob.size;
      options.onProgress({ kind: "start", id, label: `device code ${layer.index} ${index.digest.slice(7, 19)}`, total });
      const source = await localBlob(layer, { ...options, folder });
      local.push({ ...layer, blob: { kind: "file", ...source } });
      const found = await rewriter.findPointers({ source, tarBytes: index.tarBytes, deviceFiles }, (done) =>
        options.onProgress({ kind: "advance", id, done, total }),
      );
      for (const [entry, one] of found) pointers.set(entry, one);
      options.onProgress({ kind: "end", id });
    }
  } finally {
    await rewriter.close();
  }
  return { pointers, image: { ...image, layers: local } };
}

/** The files of a layer with device code that are stored whole and whose headers are known, in the order of the archive. */
export function deviceFilesOf(index: LayerIndex, first: number): readonly DeviceFilePart[] {
  return [...index.deviceCode].flatMap(([entry, table]): DeviceFilePart[] => {
    const { starts, problem, offsets, sizes } = table;
    const headers = index.elfOutlines.get(entry);
    const size = index.size[entry] ?? 0;
    if (headers === undefined || problem !== undefined || size !== index.storedSize[entry]) return [];
    const { start, headerBytes } = spanOf(index, entry);
    const samples = [...sampleEntries(table).values()].map((sample) => {
      const from = offsets[sample] ?? 0;
      return { entry: sample, start: from, end: from + (sizes[sample] ?? 0) };
    });
    const apart = new Set(table.loose);
    const loose = [...table.loose].map((number) => ({ start: starts[number] ?? 0, end: table.ends[number] ?? 0 }));
    const inSections = starts.filter((_, number) => !apart.has(number));
    return [{ entry: first + entry, contentStart: start + headerBytes, size, headers, starts: inSections, loose, samples }];
  });
}
