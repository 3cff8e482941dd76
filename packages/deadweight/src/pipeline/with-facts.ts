import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultLimits } from "../archive/limits.ts";
import { catalogers } from "../catalogers/index.ts";
import type { Want } from "../contracts/cataloger.ts";
import { createFacts, type Facts } from "../contracts/fact.ts";
import type { ImageSource, OpenOptions, Store } from "../contracts/store.ts";
import { cudaIsTwice } from "../facts/cuda-copies.ts";
import { completeImage } from "../image/complete.ts";
import { type CacheDatabase, openCacheDatabase } from "../image/cache-database.ts";
import { type LayerCache, layerCacheIn } from "../image/layer-cache.ts";
import { readDevicePointers } from "../image/rewrite/read-device-pointers.ts";
import { readLayers, type ReadLayersOptions } from "../image/read-layers.ts";
import { cacheFolder } from "../lib/cache-folder.ts";
import type { GpuChoice } from "../model/gpu.ts";
import type { Image } from "../model/image.ts";
import type { LayerIndex } from "../model/layer-index.ts";
import type { Platform } from "../model/platform.ts";
import type { ProgressEvent } from "../model/progress.ts";
import { cacheVersion } from "./cache-location.ts";
import { type KnownWeights, knownWeightsIn } from "./known-weights.ts";
import { openImage } from "./open-image.ts";
import { createStoreProgress, type StoreProgress } from "./store-progress.ts";

/** What every verb that reads an image may be told. */
export interface ImageOptions {
  /** Linux on this machine's architecture when absent. */
  readonly platform?: Platform;
  /** A reference to the image that this one was built on. */
  readonly base?: string;
  /** Whether layers known from earlier runs may be taken from the cache; true when absent. */
  readonly cache?: boolean;
  /** Whether what files ask of others when they run is read as well; not when absent. */
  readonly programs?: boolean;
  /** The GPUs that the image is to run on. */
  readonly gpus?: GpuChoice;
  /** Whether what leads to device code is read too, for `prune-device-code`: layers that have some are then read once more. */
  readonly devicePointers?: boolean;
  /** Layers that were read already, of an image that is still open: they need not be read again. */
  readonly known?: readonly LayerIndex[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Registries that may be spoken to without TLS. */
  readonly insecure: readonly string[] | true;
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Where temporary files go; the system's folder when absent. */
  readonly temporaryFolder?: string;
}

/** An image that was found, as long as it is open. */
export interface FoundImage {
  readonly source: ImageSource;
  readonly store: Store;
  /** What stores may use; its folder is removed at the end. */
  readonly open: OpenOptions;
  /** Ends the steps that stores have told of. */
  readonly endSteps: () => void;
  /** Reads the layers of an image, and keeps of contents what catalogers want. */
  readonly readIndexes: (image: Image, known?: LayerCache) => Promise<readonly LayerIndex[]>;
  /** Reads those that are not known again, for a comparison of trees: no contents are kept, and few layers are read side by side. */
  readonly readTrees: (image: Image, known: LayerCache) => Promise<readonly LayerIndex[]>;
  /** Reads them with what their programs ask of others. */
  readonly readPrograms: (image: Image) => Promise<readonly LayerIndex[]>;
  /** What is known of layers from earlier runs. */
  readonly cache: LayerCache | undefined;
  /** What is known of whole images from earlier runs. */
  readonly weights: KnownWeights;
}

/** An image that was read, as long as it is open. */
export interface ReadImage extends FoundImage {
  readonly facts: Facts;
}

const mostCacheBytes = 2 * 1024 ** 3;

/** Opens an image, reads its layers, and closes it when `use` has ended, with all temporary files. Throws UserError. */
export async function withFacts<T>(
  reference: string,
  options: ImageOptions,
  use: (read: ReadImage) => T | Promise<T>,
): Promise<T> {
  return withSource(reference, options, async (found) => use(await readFacts(found, options)));
}

/** What of the options says how an image is read that was found. */
type ReadOptions = Pick<ImageOptions, "base" | "gpus" | "devicePointers" | "onProgress">;

/** Reads the layers of an image that was found, and those of its base. Throws UserError. */
export async function readFacts(found: FoundImage, options: ReadOptions): Promise<ReadImage> {
  return { ...found, facts: await factsOf(found, options).finally(found.endSteps) };
}

/** Opens an image and closes it when `use` has ended, with all temporary files. Throws UserError. */
export async function withSource<T>(
  reference: string,
  options: ImageOptions,
  use: (found: FoundImage) => Promise<T>,
): Promise<T> {
  const temporaryFolder = await mkdtemp(
    join(options.temporaryFolder ?? options.environment["TMPDIR"] ?? tmpdir(), "deadweight-"),
  );
  const database = options.cache === false ? undefined : openCache(options);
  const cache = withKnown(options.known ?? [], database && layerCacheIn(database));
  try {
    const progress = createStoreProgress((event) => options.onProgress?.(event));
    const open = openOptions(options, temporaryFolder, progress);
    const { source, store } = await openImage(reference, open).finally(progress.end);
    try {
      options.onProgress?.({ kind: "note", text: `${reference}: from ${store.scheme}` });
      const readIndexes: FoundImage["readIndexes"] = (image, known = cache) =>
        indexesOf(image, { ...options, patterns: allWants() }, open, known);
      const readTrees: FoundImage["readTrees"] = (image, known) =>
        indexesOf(image, { ...options, patterns: [], isSparing: true }, open, known);
      const readPrograms: FoundImage["readPrograms"] = (image) => indexesWithPrograms(image, options, open);
      const weights = knownWeightsIn(database);
      return await use({ source, store, open, endSteps: progress.end, readIndexes, readTrees, readPrograms, cache, weights });
    } finally {
      await source.close();
    }
  } finally {
    database?.close();
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}

/** A cache that knows these layers as well. */
function withKnown(known: readonly LayerIndex[], cache: LayerCache | undefined): LayerCache | undefined {
  if (known.length === 0) return cache;
  const byDigest = new Map(known.map((layer) => [layer.digest, layer]));
  return {
    get: (key, spoolFolder) => byDigest.get(key) ?? cache?.get(key, spoolFolder),
    put: (key, index) => cache?.put(key, index),
    close: () => cache?.close(),
  };
}

function openCache(options: ImageOptions): CacheDatabase {
  let isTold = false;
  return openCacheDatabase({
    folder: cacheFolder(options.environment),
    version: options.programs === true ? `${cacheVersion()}-programs` : cacheVersion(),
    mostBytes: mostCacheBytes,
    now: Date.now,
    onProblem: (text) => {
      if (!isTold) options.onProgress?.({ kind: "note", text });
      isTold = true;
    },
  });
}

function openOptions(options: ImageOptions, temporaryFolder: string, progress: StoreProgress): OpenOptions {
  const architectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };
  return {
    platform: options.platform ?? { os: "linux", architecture: architectures[process.arch] ?? process.arch },
    environment: options.environment,
    temporaryFolder,
    signal: options.signal,
    insecure: options.insecure,
    onProgress: progress.tell,
  };
}

async function factsOf({ source, open, readIndexes, readPrograms }: FoundImage, options: ReadOptions): Promise<Facts> {
  const { base, gpus, devicePointers: isPruned } = options;
  const image = await completeImage(source, open.platform, defaultLimits);
  const knownBases = base === undefined ? [] : [{ name: base, diffIds: await diffIdsOf(base, open) }];
  const { temporaryFolder, signal } = open;
  const read = { image, layers: await readIndexes(image), knownBases, temporaryFolder, ...(gpus === undefined ? {} : { gpus }) };
  const facts = createFacts(read);
  const isAsked = read.layers.some(({ programs }) => programs === undefined) && facts.get(cudaIsTwice);
  if (isAsked) options.onProgress?.({ kind: "note", text: "CUDA is there twice: looking into programs for which copy they use" });
  const layers = isAsked ? await readPrograms(image) : read.layers;
  // What is known of the layers already is kept where they stay as they are.
  if (gpus === undefined || isPruned !== true) return isAsked ? createFacts({ ...read, layers }) : facts;
  const looked = await readDevicePointers(image, layers, {
    limits: defaultLimits,
    folder: temporaryFolder,
    signal,
    onProgress: (event) => options.onProgress?.(event),
  });
  return createFacts({ ...read, layers, image: looked.image, devicePointers: looked.pointers });
}

async function diffIdsOf(reference: string, open: OpenOptions): Promise<Image["config"]["diffIds"]> {
  const { source } = await openImage(reference, open);
  try {
    return (await completeImage(source, open.platform, defaultLimits)).config.diffIds;
  } finally {
    await source.close();
  }
}

/** What is known of programs is cached apart. */
async function indexesWithPrograms(image: Image, options: ImageOptions, open: OpenOptions): Promise<readonly LayerIndex[]> {
  const asked = { ...options, programs: true, patterns: allWants() };
  const database = options.cache === false ? undefined : openCache(asked);
  try {
    return await indexesOf(image, asked, open, database && layerCacheIn(database));
  } finally {
    database?.close();
  }
}

function allWants(): readonly Want[] {
  return catalogers.flatMap((cataloger) => cataloger.wants);
}

async function indexesOf(
  image: Image,
  options: ImageOptions & Pick<ReadLayersOptions, "patterns" | "isSparing">,
  { temporaryFolder, signal }: OpenOptions,
  cache: LayerCache | undefined,
): Promise<readonly LayerIndex[]> {
  return readLayers(image, {
    patterns: options.patterns,
    isSparing: options.isSparing === true,
    limits: defaultLimits,
    spoolFolder: temporaryFolder,
    programs: options.programs === true,
    signal,
    cache,
    onProgress: (event) => options.onProgress?.(event),
  });
}
