import { defaultLimits } from "../../archive/limits.ts";
import type { OpenOptions, OutgoingImage } from "../../contracts/store.ts";
import { completeImage } from "../../image/complete.ts";
import { describe, rewriteImage } from "../../image/rewrite/rewrite-image.ts";
import { createManifest, manifestType, rewriteManifest, type NewLayer } from "../../image/rewrite/rewrite-manifest.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Image, Layer } from "../../model/image.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import { dockerRegistry } from "../../stores/docker-registry.ts";
import type { RegistryTags } from "../../stores/registry/registry-tags.ts";
import { type FoundImage, withSource } from "../with-facts.ts";
import type { PromotionOptions } from "./find-record.ts";

/** An engine's image, and the repository that it goes to. */
export interface Candidate {
  readonly engine: string;
  readonly imageId: string;
  readonly tags: RegistryTags;
  /** What the tag leads to: layers that this has as well are taken as they are there. */
  readonly previousDigest: string | undefined;
}

/** A layer as the registry has it, by what it holds. */
type KnownLayers = ReadonlyMap<string, { readonly blob: NewLayer; readonly layer: Layer }>;

/** Pushes an image by its digest alone, so that no tag changes, and gives the digest. Throws UserError. */
export async function pushCandidate(candidate: Candidate, options: PromotionOptions): Promise<string> {
  const { engine, imageId, tags, previousDigest } = candidate;
  return withSource(`${engine}:${imageId}`, options, async (found) => {
    const image = await completeImage(found.source, found.open.platform, defaultLimits);
    const layers = await found.readIndexes(image);
    const previous = previousDigest === undefined ? undefined : `${tags.repository}@${previousDigest}`;
    return withKnownLayers(previous, { ...found.open, platform: image.config.platform }, async (known) => {
      const outgoing = await pack(image, layers, known, found, options);
      const { digest } = outgoing.manifest.descriptor;
      const { platform: _, ...writing } = found.open;
      await dockerRegistry.write?.(`${tags.repository}@${digest}`, { images: [outgoing] }, { ...writing, force: true });
      return digest;
    }).finally(found.endSteps);
  });
}

/** The image with layers compressed as registries want them; its config, and so its id at an engine, stays as it is. */
async function pack(
  image: Image,
  layers: readonly LayerIndex[],
  known: KnownLayers,
  { open }: FoundImage,
  options: PromotionOptions,
): Promise<OutgoingImage> {
  const made = await rewriteImage(image, layers, new Map(), {
    compression: { kind: "gzip", level: 6 },
    mayRecompress: (place) => !known.has(layers[place]?.diffId ?? ""),
    labels: {},
    limits: defaultLimits,
    temporaryFolder: open.temporaryFolder,
    signal: open.signal,
    onProgress: (event) => options.onProgress?.(event),
  });
  const found = made.layers.map((layer) => known.get(layer.diffId));
  if (found.every((one) => one === undefined)) return made;
  const blobs = made.layers.map(({ descriptor }, place) => found[place]?.blob ?? compressed(descriptor));
  const config = made.config.descriptor;
  const { manifestBytes } = image;
  const bytes =
    manifestBytes === undefined
      ? createManifest(config, blobs)
      : rewriteManifest(manifestBytes, config, new Map(blobs.map((blob, place) => [place, blob])));
  const outgoing = made.layers.map((layer, place) => {
    const { blob, layer: there } = found[place] ?? {};
    if (blob === undefined || there === undefined) return layer;
    return { ...layer, descriptor: { ...layer.descriptor, digest: blob.digest, size: blob.size }, bytes: there.blob };
  });
  const descriptor = { ...describe(manifestType(bytes), bytes), platform: image.config.platform };
  return { ...made, manifest: { descriptor, bytes }, layers: outgoing };
}

/** Calls `use` with the layers of the image that the tag leads to, while it is open; none when it can't be read. */
async function withKnownLayers<T>(
  previous: string | undefined,
  open: OpenOptions,
  use: (known: KnownLayers) => Promise<T>,
): Promise<T> {
  if (previous === undefined) return use(new Map());
  const source = await dockerRegistry.open(previous, open);
  try {
    const image = await completeImage(source, open.platform, defaultLimits).catch(unlessUserError);
    return await use(new Map((image?.layers ?? []).flatMap((layer) => knownLayer(layer))));
  } finally {
    await source.close();
  }
}

function knownLayer(layer: Layer): readonly [string, { readonly blob: NewLayer; readonly layer: Layer }][] {
  const { digest, diffId, mediaType, blob } = layer;
  if (digest === undefined) return [];
  return [[diffId, { blob: compressed({ digest, size: blob.size, mediaType }), layer }]];
}

function compressed({ digest, size, mediaType }: { digest: string; size: number; mediaType: string }): NewLayer {
  const kind = /[.+](gzip|zstd)$/.exec(mediaType)?.[1];
  return { digest, size, compression: kind === "gzip" || kind === "zstd" ? kind : "none" };
}

function unlessUserError(error: unknown): undefined {
  if (!(error instanceof UserError)) throw error;
  return undefined;
}
