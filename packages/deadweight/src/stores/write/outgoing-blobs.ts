import type { Outgoing, OutgoingBlob, OutgoingImage } from "../../contracts/store.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Descriptor } from "../../model/image.ts";
import { printPlatform } from "../../model/platform.ts";

/** A manifest or an index that is written. */
export interface OutgoingManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** Configs and layers, each digest once, the lowest layers first. */
export function contentOf(outgoing: Outgoing): readonly OutgoingBlob[] {
  const blobs = outgoing.images.flatMap(({ config, layers }) => [...layers, blobOf(config)]);
  return [...new Map(blobs.map((blob) => [blob.descriptor.digest, blob])).values()];
}

/** The manifests, each digest once, and last the one that a tag stands for. */
export function manifestsOf(outgoing: Outgoing): readonly OutgoingManifest[] {
  const root = rootOf(outgoing);
  const below = [...outgoing.images.map(({ manifest }) => manifest), ...(outgoing.innerIndexes ?? [])].filter(
    ({ descriptor }) => descriptor.digest !== root.descriptor.digest,
  );
  return [...new Map(below.map((manifest) => [manifest.descriptor.digest, manifest])).values(), root];
}

/** What a tag stands for: the index, or the only image's manifest. */
export function rootOf({ images, index }: Outgoing): OutgoingManifest {
  const [only, ...others] = images;
  if (index !== undefined) return index;
  if (only === undefined || others.length > 0) throw new Error(`${images.length} images to write and no index above them`);
  return only.manifest;
}

/** The only image. Throws UserError `unsupported`, exit 2, when there are several: a format without an index can't hold them. */
export function onlyImage({ images }: Outgoing, place: string): OutgoingImage {
  const [only, ...others] = images;
  if (only !== undefined && others.length === 0) return only;
  const platforms = images.map(({ manifest: { descriptor } }) =>
    descriptor.platform === undefined ? descriptor.digest : printPlatform(descriptor.platform),
  );
  throw new UserError("unsupported", `${place}: holds one platform, the image is for ${platforms.join(", ")}`, {
    exitCode: 2,
    hint: "choose one with --platform, or write all of them to oci:FOLDER, oci-archive:FILE or docker://HOST/NAME:TAG",
  });
}

/** Bytes in memory as a blob. */
export function blobOf({ descriptor, bytes }: OutgoingManifest): OutgoingBlob {
  const open = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  return { descriptor, bytes: { kind: "stream", size: bytes.length, open } };
}

/** Bytes of all of them. */
export function sizeOf(blobs: readonly { readonly descriptor: Descriptor }[]): number {
  return blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
}
