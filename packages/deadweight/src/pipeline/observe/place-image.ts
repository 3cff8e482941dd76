import { createHash } from "node:crypto";
import type { OutgoingImage, WriteOptions } from "../../contracts/store.ts";
import type { Runtime, RuntimeSession } from "../../contracts/runtime.ts";
import { createManifest, manifestType } from "../../image/rewrite/rewrite-manifest.ts";
import { stores } from "../../stores/index.ts";
import type { ReadImage } from "../with-facts.ts";
import type { PlacedImage } from "./container-plan.ts";
import { imageSettings } from "./image-settings.ts";

/** An image as the engine knows it: by its id when the engine has it, else loaded under a name that goes with the run. */
export async function placeImage(
  { facts, open }: ReadImage,
  runtime: Runtime,
  session: RuntimeSession,
  side: "before" | "after",
): Promise<PlacedImage> {
  const settings = imageSettings(facts.image);
  const id = digestOf(facts.image.configBytes);
  if (await session.hasImage(id)) return { name: id, settings };
  const name = session.imageName(side);
  const store = stores.find(({ scheme }) => scheme === runtime.name);
  if (store?.write === undefined) throw new Error(`no store writes to ${runtime.name}`);
  const { platform: _, ...options } = open;
  const writing: WriteOptions = { ...options, force: true };
  await store.write(name, { images: [outgoingOf(facts)] }, writing);
  return { name, settings };
}

/** An image that was read, as it is written. */
function outgoingOf({ image, layers }: ReadImage["facts"]): OutgoingImage {
  const outgoing = image.layers.map(({ blob, mediaType, diffId, digest }, place) => ({
    descriptor: { mediaType, digest: digest ?? layers[place]?.digest ?? diffId, size: blob.size },
    bytes: blob,
    diffId,
  }));
  const configBlob = { digest: digestOf(image.configBytes), size: image.configBytes.length };
  const blobs = outgoing.map(({ descriptor: { digest, size } }, place) => {
    return { compression: layers[place]?.compression ?? "none", digest, size } as const;
  });
  const manifest = image.manifestBytes ?? createManifest(configBlob, blobs);
  const { configBytes } = image;
  return {
    manifest: {
      descriptor: { mediaType: manifestType(manifest), digest: digestOf(manifest), size: manifest.length },
      bytes: manifest,
    },
    config: {
      descriptor: { mediaType: "application/vnd.oci.image.config.v1+json", ...configBlob },
      bytes: configBytes,
    },
    layers: outgoing,
  };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
