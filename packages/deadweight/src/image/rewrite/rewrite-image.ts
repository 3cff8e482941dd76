import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Limits } from "../../archive/limits.ts";
import type { OutgoingImage } from "../../contracts/store.ts";
import type { EntryEdit } from "../../contracts/transform.ts";
import type { BlobBytes, Descriptor, Image } from "../../model/image.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import type { ProgressEvent } from "../../model/progress.ts";
import { parseManifest } from "../manifest.ts";
import type { Compressed } from "./compress-blocks.ts";
import { editsByLayer } from "./edits-by-layer.ts";
import { planLayerCuts } from "./layer-edits.ts";
import { rewriteConfig } from "./rewrite-config.ts";
import { rewriteLayers, type LayerTask, type NewLayerFile } from "./rewrite-layers.ts";
import { createManifest, manifestType, rewriteManifest, type NewLayer } from "./rewrite-manifest.ts";

export interface RewriteOptions {
  /** `keep`: each layer stays what it is. Layers of the kind that is asked for already are not compressed again for that alone. */
  readonly compression: "keep" | Compressed;
  /** Layers that may be compressed otherwise: all, without it. Others are rewritten for their edits alone. */
  readonly mayRecompress?: (layer: number) => boolean;
  /** Labels that a changed image gets. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether layers that are only compressed otherwise are decompressed again as they are written, and compared with what they were. */
  readonly isChecked?: boolean;
  readonly limits: Limits;
  /** Where the new blobs go, in a folder of their own; they are read from there later. */
  readonly temporaryFolder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (event: ProgressEvent) => void;
}

/** An image after its edits, ready to be written. */
export interface RewrittenImage extends OutgoingImage {
  /** Layers with another blob than before, by their place. */
  readonly changed: readonly number[];
  /** Indexes of layers that are only compressed otherwise and were compared: what is in them is what was. */
  readonly checked: readonly LayerIndex[];
  /** Sums over all layers. */
  readonly tarBytes: number;
  readonly compressedBytes: number;
}

/**
 * Makes the edits, which are by entry number of the file tree. Layers without one keep their blob and digest; without any the
 * manifest stays to the byte, and no label is added. The same image, edits and options give the same digests. Throws UserError for
 * bytes that are not what they were when they were read first, and RangeError for edits that contradict the image.
 */
export async function rewriteImage(
  image: Image,
  layers: readonly LayerIndex[],
  edits: ReadonlyMap<number, EntryEdit>,
  options: RewriteOptions,
): Promise<RewrittenImage> {
  const made = await rewriteTasks(planTasks(image, layers, edits, options), options);
  const changed = new Map([...made].filter(([place, file]) => !isSame(file, layers[place])));
  const config = changed.size === 0 ? image.configBytes : newConfig(image, layers, changed, options.labels);
  const manifest = newManifest(image, layers, changed, config);
  return {
    manifest: { descriptor: { ...describe(manifestType(manifest), manifest), platform: image.config.platform }, bytes: manifest },
    config: { descriptor: parsed(manifest).config, bytes: config },
    layers: parsed(manifest).layers.map((descriptor, place) => outgoingLayer(image, place, descriptor, changed.get(place))),
    changed: [...changed.keys()].sort((one, other) => one - other),
    checked: checkedIndexes(changed, layers),
    tarBytes: sum(layers, (layer, place) => changed.get(place)?.tarBytes ?? layer.tarBytes),
    compressedBytes: sum(layers, (layer, place) => changed.get(place)?.compressedBytes ?? layer.compressedBytes),
  };
}

/** Edits may change nothing: then the blob stays, though another compressor wrote it. */
export function isSame(file: NewLayerFile, before: LayerIndex | undefined): boolean {
  return file.diffId === before?.diffId && file.compression === before.compression;
}

/** The indexes of layers that were only compressed otherwise and compared as they were written. */
export function checkedIndexes(made: ReadonlyMap<number, NewLayerFile>, layers: readonly LayerIndex[]): readonly LayerIndex[] {
  return [...made].flatMap(([place, { isChecked, digest, compressedBytes, compression }]) => {
    const index = layers[place];
    return index === undefined || !isChecked ? [] : [{ ...index, digest, compressedBytes, compression }];
  });
}

/** Rewrites layers into a folder of their own, which goes when it fails. */
export async function rewriteTasks(
  tasks: readonly LayerTask[],
  options: RewriteOptions,
): Promise<ReadonlyMap<number, NewLayerFile>> {
  if (tasks.length === 0) return new Map();
  const folder = await mkdtemp(join(options.temporaryFolder, "rewrite-"));
  try {
    return await rewriteLayers(tasks, { ...options, folder });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The layers that may come out other than they are. */
export function planTasks(
  image: Image,
  layers: readonly LayerIndex[],
  edits: ReadonlyMap<number, EntryEdit>,
  options: RewriteOptions,
): readonly LayerTask[] {
  const perLayer = editsByLayer(layers, edits);
  return image.layers.flatMap((layer): LayerTask[] => {
    const index = layers[layer.index];
    const own = perLayer.edits[layer.index];
    if (index === undefined || own === undefined) throw new RangeError(`layer ${layer.index} has no index`);
    const compression = compressionFor(index, layer.index, options);
    const others = perLayer.additions[layer.index] ?? [];
    if (own.size === 0 && others.length === 0 && compression.kind === index.compression) return [];
    const { attributesOf } = perLayer;
    return [{ layer, index, compression, plan: () => planLayerCuts(index, { edits: own, attributesOf, others }) }];
  });
}

/** Levels at which layers are compressed again when none is asked for. */
export const usualLevels: Readonly<Record<LayerIndex["compression"], number>> = { none: 0, gzip: 6, zstd: 3 };

function compressionFor(index: LayerIndex, place: number, { compression, mayRecompress }: RewriteOptions): Compressed {
  const isAsked = compression !== "keep" && (mayRecompress?.(place) ?? true);
  return isAsked ? compression : { kind: index.compression, level: usualLevels[index.compression] };
}

function newConfig(
  image: Image,
  layers: readonly LayerIndex[],
  changed: ReadonlyMap<number, NewLayerFile>,
  labels: Readonly<Record<string, string>>,
): Uint8Array {
  const diffIds = [...changed].filter(([place, { diffId }]) => diffId !== layers[place]?.diffId);
  return rewriteConfig(image.configBytes, { diffIds: new Map(diffIds.map(([place, { diffId }]) => [place, diffId])), labels });
}

function newManifest(
  image: Image,
  layers: readonly LayerIndex[],
  changed: ReadonlyMap<number, NewLayerFile>,
  config: Uint8Array,
): Uint8Array {
  const newLayers = new Map([...changed].map(([place, file]): [number, NewLayer] => [place, blobOf(file)]));
  const newConfig = { digest: sha256(config), size: config.length };
  if (image.manifestBytes === undefined) {
    return createManifest(
      newConfig,
      layers.map((layer, place) => newLayers.get(place) ?? blobOf(layer)),
    );
  }
  return changed.size === 0 ? image.manifestBytes : rewriteManifest(image.manifestBytes, newConfig, newLayers);
}

/** A layer's blob as a manifest names it. */
export function blobOf({ digest, compressedBytes, compression }: NewLayerFile | LayerIndex): NewLayer {
  return { digest, size: compressedBytes, compression };
}

function outgoingLayer(
  image: Image,
  place: number,
  descriptor: Descriptor,
  file: NewLayerFile | undefined,
): OutgoingImage["layers"][number] {
  const layer = image.layers[place];
  if (layer === undefined) throw new RangeError(`the manifest has a layer ${place}, the image has not`);
  if (file === undefined) return { descriptor, bytes: layer.blob, diffId: layer.diffId };
  const bytes: BlobBytes = { kind: "file", path: file.path, offset: 0, size: file.compressedBytes };
  return { descriptor, bytes, diffId: file.diffId };
}

/** The descriptors of a manifest that was made here. */
export function parsed(manifest: Uint8Array): { readonly config: Descriptor; readonly layers: readonly Descriptor[] } {
  const found = parseManifest(manifest, undefined);
  if (found.kind === "manifest") return found;
  throw new RangeError("a manifest became an index");
}

/** The descriptor of bytes. */
export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: sha256(bytes), size: bytes.length };
}

/** The digest of bytes. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function sum<T>(items: readonly T[], amount: (item: T, place: number) => number): number {
  return items.reduce((total, item, place) => total + amount(item, place), 0);
}
