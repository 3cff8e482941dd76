import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { OutgoingImage } from "../../contracts/store.ts";
import type { Image } from "../../model/image.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import { arrangeConfig } from "./arrange-config.ts";
import type { JoinedRow, LayerJoin } from "./arrangement.ts";
import { joinLayers } from "./join-layers.ts";
import { blobOf, describe, parsed, sha256, usualLevels, type RewriteOptions } from "./rewrite-image.ts";
import type { NewLayerFile } from "./rewrite-layers.ts";
import { arrangeManifest, createManifest, manifestType } from "./rewrite-manifest.ts";

/** An image with the indexes of its layers. */
export interface IndexedImage {
  readonly image: Image;
  readonly layers: readonly LayerIndex[];
}

/** What is put on top of an image: entries of another one's layers. */
export interface AddedLayer {
  readonly from: IndexedImage;
  readonly join: LayerJoin;
  readonly row: JoinedRow;
}

/** An image with one more layer, ready to be written, and that layer's file. */
export interface TallerImage extends OutgoingImage {
  readonly added: NewLayerFile;
}

/** Puts a layer on top of an image, compressed as its top one is; all others stay as they are. Throws UserError as `rewriteImage` does. */
export async function addLayer(
  { image, layers }: IndexedImage,
  { from, join: layerJoin, row }: AddedLayer,
  options: Omit<RewriteOptions, "compression">,
): Promise<TallerImage> {
  const folder = await mkdtemp(join(options.temporaryFolder, "layer-"));
  const kind = layers.at(-1)?.compression ?? "gzip";
  const compression = { kind, level: usualLevels[kind] };
  const [added] = await joinLayers(from.image, from.layers, layerJoin, { ...options, folder, compression }).catch(
    async (error: unknown) => {
      await rm(folder, { recursive: true, force: true });
      throw error;
    },
  );
  if (added === undefined) throw new RangeError("no layer was made");
  const kept = layers.map(({ diffId }, layer) => ({ diffId, row: { layer } }));
  const config = arrangeConfig(
    image.configBytes,
    [...kept, { diffId: added.diffId, row: { ...row, joined: [] } }],
    options.labels,
  );
  const manifest = manifestWith(image, layers, added, config);
  const { config: configDescriptor, layers: descriptors } = parsed(manifest);
  return {
    manifest: { descriptor: { ...describe(manifestType(manifest), manifest), platform: image.config.platform }, bytes: manifest },
    config: { descriptor: configDescriptor, bytes: config },
    layers: descriptors.map((descriptor, place) => {
      const layer = image.layers[place];
      if (layer !== undefined) return { descriptor, bytes: layer.blob, diffId: layer.diffId };
      const bytes = { kind: "file" as const, path: added.path, offset: 0, size: added.compressedBytes };
      return { descriptor, bytes, diffId: added.diffId };
    }),
    added,
  };
}

function manifestWith(image: Image, layers: readonly LayerIndex[], added: NewLayerFile, config: Uint8Array): Uint8Array {
  const newConfig = { digest: sha256(config), size: config.length };
  if (image.manifestBytes === undefined) return createManifest(newConfig, [...layers, added].map(blobOf));
  const kept = layers.map((_, place) => ({ place }));
  return arrangeManifest(image.manifestBytes, newConfig, [...kept, { blob: blobOf(added) }]);
}
