import type { Limits } from "../archive/limits.ts";
import type { ManifestSource, ImageSource, StoredBytes } from "../contracts/store.ts";
import { UserError } from "../lib/user-error.ts";
import type { Digest } from "../model/digest.ts";
import type { Descriptor } from "../model/image.ts";
import { checkBytes } from "./complete.ts";
import { parseManifest, type Manifest } from "./manifest.ts";
import { indexTypes, mediaTypes } from "./rewrite/media-types.ts";

/** An index with all that it leads to. */
export interface ImageIndex {
  readonly kind: "index";
  readonly bytes: Uint8Array;
  /** By its own word, else by what led to it. */
  readonly mediaType: string;
  /** In their order. */
  readonly items: readonly IndexItem[];
}

/** A manifest below an index. */
export interface IndexedManifest {
  readonly kind: "manifest";
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
  /** An attestation is about an image of the same index; an artifact is anything else that is no image. */
  readonly role: "image" | "attestation" | "artifact";
}

/** One descriptor of an index and what it leads to; `missing` is what the store has not got. */
export interface IndexItem {
  readonly descriptor: Descriptor;
  readonly leadsTo: ImageIndex | IndexedManifest | { readonly kind: "missing"; readonly reason: string };
}

/**
 * The index that a source's root is, read to its last manifest: nested ones too, each digest once, digests and sizes checked. Undefined
 * for a source whose root is an image. Throws UserError.
 */
export async function readImageIndex(source: ImageSource, limits: Limits): Promise<ImageIndex | undefined> {
  if (source.kind === "archive") return undefined;
  const known = new Map<Digest, Promise<IndexItem["leadsTo"]>>();
  const follow = async (descriptor: Descriptor, depth: number): Promise<IndexItem["leadsTo"]> => {
    const bytes = await source.manifest(descriptor).catch((error: unknown) => {
      if (error instanceof UserError && error.code === "not-found") return error.message;
      throw error;
    });
    return typeof bytes === "string" ? { kind: "missing", reason: bytes } : read({ ...descriptor, bytes }, depth, descriptor);
  };
  const read = async (claimed: StoredBytes, depth: number, descriptor?: Descriptor): Promise<ImageIndex | IndexedManifest> => {
    checkSize(claimed.bytes, limits);
    checkBytes("manifest", claimed);
    const parsed = parseManifest(claimed.bytes, claimed.mediaType);
    if (parsed.kind === "manifest")
      return { kind: "manifest", bytes: claimed.bytes, manifest: parsed, role: roleOf(parsed, descriptor) };
    if (depth >= limits.indexDepth) throw new UserError("unreadable", `index: nested deeper than ${limits.indexDepth}`);
    const items: IndexItem[] = [];
    for (const next of parsed.manifests) {
      const leadsTo = known.get(next.digest) ?? follow(next, depth + 1);
      if (known.set(next.digest, leadsTo).size > limits.indexEntries)
        throw new UserError("unreadable", `index: more than ${limits.indexEntries} manifests`);
      items.push({ descriptor: next, leadsTo: await leadsTo });
    }
    return { kind: "index", bytes: claimed.bytes, mediaType: parsed.mediaType ?? claimed.mediaType ?? indexTypes.oci, items };
  };
  const root = await read(source.root, 0);
  return root.kind === "index" ? root : undefined;
}

/** A manifest below an index, as a source of its own. */
export function sourceOf(
  source: ManifestSource,
  { descriptor, bytes }: { descriptor: Descriptor; bytes: Uint8Array },
): ManifestSource {
  const { mediaType, digest, size } = descriptor;
  return { ...source, root: { bytes, digest, size, ...(mediaType === "" ? {} : { mediaType }) }, close: () => Promise.resolve() };
}

/** All descriptors that lead to no index, each digest once, in the order of the index. */
export function leavesOf(index: ImageIndex): readonly IndexItem[] {
  const leaves = index.items.flatMap((item) => (item.leadsTo.kind === "index" ? leavesOf(item.leadsTo) : [item]));
  return [...new Map(leaves.toReversed().map((item) => [item.descriptor.digest, item])).values()].reverse();
}

function checkSize(bytes: Uint8Array, { manifestBytes }: Limits): void {
  if (bytes.length > manifestBytes) throw new UserError("limit", `manifest: ${bytes.length} bytes, more than ${manifestBytes}`);
}

/** BuildKit marks attestations by an annotation and the platform `unknown/unknown`. */
function roleOf({ config }: Manifest, descriptor: Descriptor | undefined): IndexedManifest["role"] {
  if (descriptor?.annotations?.["vnd.docker.reference.type"] !== undefined || descriptor?.platform?.os === "unknown")
    return "attestation";
  const isImage = ["", mediaTypes.oci.config, mediaTypes.docker.config].includes(config.mediaType);
  return isImage ? "image" : "artifact";
}
