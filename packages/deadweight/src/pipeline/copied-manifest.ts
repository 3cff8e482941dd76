import type { Limits } from "../archive/limits.ts";
import type { ManifestSource, OutgoingBlob, OutgoingImage } from "../contracts/store.ts";
import { readAll } from "../image/complete.ts";
import type { IndexedManifest } from "../image/image-index.ts";
import type { Descriptor } from "../model/image.ts";

/** A manifest that goes into the result as it is, with all its blobs: an attestation, or an image that is not looked into. Throws UserError. */
export async function copiedManifest(
  source: ManifestSource,
  descriptor: Descriptor,
  { bytes, manifest }: IndexedManifest,
  limits: Limits,
): Promise<OutgoingImage> {
  const { config, layers } = manifest;
  const outgoing = async (layer: Descriptor): Promise<OutgoingBlob & { readonly diffId: string }> => {
    // Only stores that can't hold an index ask for the diffId, and they never get these.
    return { descriptor: layer, bytes: await source.blob(layer), diffId: layer.digest };
  };
  return {
    manifest: { descriptor, bytes },
    config: { descriptor: config, bytes: await readAll(await source.blob(config), limits.configBytes) },
    layers: await Promise.all(layers.map(outgoing)),
  };
}
