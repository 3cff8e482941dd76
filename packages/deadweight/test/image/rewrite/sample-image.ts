import { defaultLimits } from "../../../src/archive/limits.ts";
import type { ManifestSource, OutgoingImage } from "../../../src/contracts/store.ts";
import { completeImage } from "../../../src/image/complete.ts";
import { readLayers } from "../../../src/image/read-layers.ts";
import { rewriteImage, type RewriteOptions, type RewrittenImage } from "../../../src/image/rewrite/rewrite-image.ts";
import type { EntryEdit } from "../../../src/contracts/transform.ts";
import type { Image } from "../../../src/model/image.ts";
import type { LayerIndex } from "../../../src/model/layer-index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** An image as it is opened and read: every digest, size and diffId has been checked. */
export interface ReadImage {
  readonly image: Image;
  readonly layers: readonly LayerIndex[];
}

/** Reads an image that was made or rewritten. */
export async function readImage(made: OutgoingImage): Promise<ReadImage> {
  const blobs = new Map(made.layers.map(({ descriptor, bytes }) => [descriptor.digest, bytes]));
  const source: ManifestSource = {
    kind: "manifest",
    reference: "test",
    root: { bytes: made.manifest.bytes, ...made.manifest.descriptor },
    manifest: () => Promise.reject(new Error("no index")),
    blob: async ({ digest }) => {
      const pieces = [made.config.bytes];
      const config = { kind: "stream" as const, size: made.config.bytes.length, open: () => pieces[Symbol.iterator]() as never };
      return digest === made.config.descriptor.digest
        ? config
        : (blobs.get(digest) ?? Promise.reject(new Error(`no blob ${digest}`)));
    },
    close: async () => {},
  };
  const image = await completeImage(source, { os: "linux", architecture: "amd64" }, defaultLimits);
  const signal = new AbortController().signal;
  const options = { patterns: [], limits: defaultLimits, spoolFolder: temporaryFolder(), signal, cache: undefined };
  return { image, layers: await readLayers(image, { ...options, onProgress: () => {} }) };
}

/** An edit of the entry at a path in a layer. */
export type PathEdit = readonly [layer: number, path: string, edit: EntryEdit];

/** Edits by the numbers of the file tree. */
export function numbered(layers: readonly LayerIndex[], edits: readonly PathEdit[]): ReadonlyMap<number, EntryEdit> {
  return new Map(edits.map(([layer, path, edit]) => [entryAt(layers, layer, path), edit]));
}

/** The number in the file tree of what a layer stores at a path; markers have the path of what they hide. */
export function entryAt(layers: readonly LayerIndex[], layer: number, path: string): number {
  const index = layers[layer];
  const place = index?.path.findIndex((node) => index.paths.path(node) === path) ?? -1;
  if (place < 0) throw new Error(`no ${path} in layer ${layer}`);
  return layers.slice(0, layer).reduce((sum, { count }) => sum + count, place);
}

/** The image after edits. */
export function rewrite(
  { image, layers }: ReadImage,
  edits: readonly PathEdit[],
  changes: Partial<RewriteOptions> = {},
): Promise<RewrittenImage> {
  return rewriteImage(image, layers, numbered(layers, edits), {
    compression: "keep",
    labels: {},
    limits: defaultLimits,
    temporaryFolder: temporaryFolder(),
    signal: new AbortController().signal,
    onProgress: () => {},
    ...changes,
  });
}
