import { defaultLimits } from "../archive/limits.ts";
import type { ImageSource } from "../contracts/store.ts";
import { parseManifest } from "../image/manifest.ts";
import type { Digest } from "../model/digest.ts";
import type { Descriptor } from "../model/image.ts";
import type { Omission } from "../model/optimization.ts";
import { printPlatform } from "../model/platform.ts";

/** The manifests of a source's index but the chosen one: other platforms, and attestations, which do not fit a changed image. */
export async function omissionsOf(source: ImageSource, chosen: Digest): Promise<readonly Omission[]> {
  if (source.kind === "archive") return [];
  const omissions = new Map<Digest, Omission>();
  const visit = async (bytes: Uint8Array, mediaType: string | undefined, depth: number): Promise<void> => {
    const manifest = parseManifest(bytes, mediaType);
    if (manifest.kind === "manifest" || depth > defaultLimits.indexDepth) return;
    for (const descriptor of manifest.manifests) {
      if (descriptor.digest === chosen || omissions.size >= defaultLimits.indexEntries) continue;
      if (isIndex(descriptor)) await visit(await source.manifest(descriptor), descriptor.mediaType, depth + 1);
      else omissions.set(descriptor.digest, { digest: descriptor.digest, reason: reasonOf(descriptor) });
    }
  };
  await visit(source.root.bytes, source.root.mediaType, 0);
  return [...omissions.values()];
}

function isIndex({ mediaType }: Descriptor): boolean {
  return /image\.index|manifest\.list/.test(mediaType);
}

/** BuildKit marks attestations by this annotation and the platform `unknown/unknown`. */
function reasonOf({ annotations, platform }: Descriptor): string {
  const kind = annotations?.["vnd.docker.reference.type"];
  if (kind !== undefined || platform?.os === "unknown") {
    return `${kind === "attestation-manifest" || kind === undefined ? "an attestation" : kind}: it is of an image that was changed`;
  }
  const name = platform === undefined ? "an image of no named platform" : `the image for ${printPlatform(platform)}`;
  return `${name}: one platform is written`;
}
