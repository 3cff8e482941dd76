import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { EntryEdit } from "../../contracts/transform.ts";
import type { OutgoingImage } from "../../contracts/store.ts";
import type { Descriptor, Image } from "../../model/image.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import { arrangeConfig, type ConfigLayer } from "./arrange-config.ts";
import type { ArrangedLayer, Arrangement } from "./arrangement.ts";
import { joinLayers } from "./join-layers.ts";
import {
  blobOf,
  checkedIndexes,
  describe,
  isSame,
  parsed,
  planTasks,
  rewriteTasks,
  sha256,
  usualLevels,
  type RewriteOptions,
  type RewrittenImage,
} from "./rewrite-image.ts";
import type { NewLayerFile } from "./rewrite-layers.ts";
import { arrangeManifest, createManifest, manifestType, type ManifestLayer } from "./rewrite-manifest.ts";

/** A layer of the result: the source's own, or a file that was made, in its place or new. */
type MadeLayer =
  | { readonly layer: number; readonly file?: NewLayerFile }
  | { readonly layer?: never; readonly file: NewLayerFile };

/**
 * Makes the edits and arranges the layers anew: joined ones are read once each and stored in one layer or several parts, all others
 * are rewritten as `rewriteImage` does. The same image, edits, arrangement and options give the same digests. Throws as it does.
 */
export async function arrangeImage(
  image: Image,
  layers: readonly LayerIndex[],
  edits: ReadonlyMap<number, EntryEdit>,
  arrangement: Arrangement,
  options: RewriteOptions,
): Promise<RewrittenImage> {
  const joined = new Set(arrangement.joins.flatMap((one) => one.layers));
  const tasks = planTasks(image, layers, edits, options).filter(({ layer }) => !joined.has(layer.index));
  const rewritten = await rewriteTasks(tasks, options);
  const parts = await makeParts(image, layers, arrangement, options);
  const made = arrangement.layers.map((layer): MadeLayer => {
    if (layer.kind === "part") return { file: partAt(parts, layer) };
    const file = rewritten.get(layer.layer);
    const isKept = file === undefined || isSame(file, layers[layer.layer]);
    return isKept ? { layer: layer.layer } : { layer: layer.layer, file };
  });
  return { ...outgoing(image, layers, arrangement, made, options), checked: checkedIndexes(rewritten, layers) };
}

/** The parts of each join, in a folder of their own, which goes when it fails. */
async function makeParts(
  image: Image,
  layers: readonly LayerIndex[],
  { joins }: Arrangement,
  options: RewriteOptions,
): Promise<readonly (readonly NewLayerFile[])[]> {
  const folder = await mkdtemp(join(options.temporaryFolder, "join-"));
  const made: (readonly NewLayerFile[])[] = [];
  try {
    for (const one of joins) {
      const { compression: kind } = one;
      const { compression: asked } = options;
      const compression = asked === "keep" ? { kind, level: usualLevels[kind] } : asked;
      made.push(await joinLayers(image, layers, one, { ...options, folder, compression }));
    }
    return made;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function partAt(
  parts: readonly (readonly NewLayerFile[])[],
  { join: number, part }: Extract<ArrangedLayer, { kind: "part" }>,
): NewLayerFile {
  const file = parts[number]?.[part];
  if (file === undefined) throw new RangeError(`no part ${part} of join ${number}`);
  return file;
}

function outgoing(
  image: Image,
  layers: readonly LayerIndex[],
  arrangement: Arrangement,
  made: readonly MadeLayer[],
  { labels }: RewriteOptions,
): Omit<RewrittenImage, "checked"> {
  const sizes = made.map(({ layer, file }) => file ?? layers[layer ?? -1]);
  const config = arrangeConfig(image.configBytes, configLayers(layers, arrangement, made), labels);
  const manifest = newManifest(image, layers, made, config);
  const { config: configDescriptor, layers: descriptors } = parsed(manifest);
  return {
    manifest: { descriptor: { ...describe(manifestType(manifest), manifest), platform: image.config.platform }, bytes: manifest },
    config: { descriptor: configDescriptor, bytes: config },
    layers: descriptors.map((descriptor, place) => outgoingLayer(image, descriptor, made[place])),
    changed: made.flatMap(({ file }, place) => (file === undefined ? [] : [place])),
    tarBytes: sizes.reduce((sum, one) => sum + (one?.tarBytes ?? 0), 0),
    compressedBytes: sizes.reduce((sum, one) => sum + (one?.compressedBytes ?? 0), 0),
  };
}

function configLayers(
  layers: readonly LayerIndex[],
  arrangement: Arrangement,
  made: readonly MadeLayer[],
): readonly ConfigLayer[] {
  return arrangement.layers.map((layer, place): ConfigLayer => {
    const file = made[place]?.file;
    if (layer.kind === "kept") {
      return { diffId: file?.diffId ?? layers[layer.layer]?.diffId ?? "", row: { layer: layer.layer } };
    }
    const one = arrangement.joins[layer.join];
    const row = one?.rows[layer.part] ?? { createdBy: "" };
    return { diffId: file?.diffId ?? "", row: { ...row, joined: one?.layers ?? [] } };
  });
}

function newManifest(image: Image, layers: readonly LayerIndex[], made: readonly MadeLayer[], config: Uint8Array): Uint8Array {
  const newConfig = { digest: sha256(config), size: config.length };
  if (image.manifestBytes !== undefined) {
    const items = made.map(({ layer, file }): ManifestLayer => {
      if (layer === undefined) return { blob: blobOf(file) };
      return file === undefined ? { place: layer } : { place: layer, blob: blobOf(file) };
    });
    return arrangeManifest(image.manifestBytes, newConfig, items);
  }
  return createManifest(
    newConfig,
    made.flatMap(({ layer, file }) => {
      const blob = file ?? layers[layer ?? -1];
      return blob === undefined ? [] : [blobOf(blob)];
    }),
  );
}

function outgoingLayer(image: Image, descriptor: Descriptor, made: MadeLayer | undefined): OutgoingImage["layers"][number] {
  if (made?.file !== undefined) {
    const { path, compressedBytes, diffId } = made.file;
    return { descriptor, bytes: { kind: "file", path, offset: 0, size: compressedBytes }, diffId };
  }
  const layer = image.layers[made?.layer ?? -1];
  if (layer === undefined) throw new RangeError(`the manifest has a layer ${made?.layer}, the image has not`);
  return { descriptor, bytes: layer.blob, diffId: layer.diffId };
}
