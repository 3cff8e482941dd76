import { defaultLimits } from "../archive/limits.ts";
import type { ImageSource } from "../contracts/store.ts";
import { parseManifest } from "../image/manifest.ts";
import type { Digest } from "../model/digest.ts";
import type { Descriptor } from "../model/image.ts";
import type { Omission } from "../model/optimization.ts";
import { printPlatform } from "../model/platform.ts";

/** What of a source's index the result has not. */
export interface Omissions {
  readonly omissions: readonly Omission[];
  /** How to have them too, where that is possible. */
  readonly note: readonly string[];
}

/** The manifests of a source's index but the chosen one: other platforms, and attestations, which do not fit a changed image. */
export async function omissionsOf(source: ImageSource, chosen: Digest): Promise<Omissions> {
  if (source.kind === "archive") return { omissions: [], note: [] };
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
  const all = [...omissions.values()];
  const others = all.filter(({ reason }) => reason.endsWith(otherPlatform)).length;
  return { omissions: all, note: others === 0 ? [] : [hint] };
}

const otherPlatform = "one platform is written";
const hint = "--platform all writes the other platforms too, into oci:FOLDER, oci-archive:FILE or docker://HOST/NAME:TAG";

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
  return `${name}: ${otherPlatform}`;
}
