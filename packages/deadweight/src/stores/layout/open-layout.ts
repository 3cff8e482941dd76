import type { Limits } from "../../archive/limits.ts";
import { UserError } from "../../lib/user-error.ts";
import type { ManifestSource, StoredBytes } from "../../contracts/store.ts";
import { isDigest } from "../../model/digest.ts";
import type { Descriptor } from "../../model/image.ts";
import type { FilePart, LayoutFiles } from "./layout-files.ts";
import { ociIndexType } from "./oci-index.ts";
import { readPart } from "./read-part.ts";

/** The source of an image that an OCI layout holds; `chosen` are its descriptors in `index.json`, one for each platform. */
export async function openLayout(
  files: LayoutFiles,
  chosen: readonly Descriptor[],
  reference: string,
  limits: Limits,
  close: () => Promise<void>,
): Promise<ManifestSource> {
  const manifest = async (descriptor: Descriptor): Promise<Uint8Array> =>
    readPart(await locateBlob(files, descriptor), limits.manifestBytes, `${files.place}: manifest ${descriptor.digest}`);
  const [only, ...others] = chosen;
  const root = only === undefined || others.length > 0 ? indexOf(chosen) : rootOf(only, await manifest(only));
  return { kind: "manifest", reference, root, manifest, blob: (descriptor) => locateBlob(files, descriptor), close };
}

function rootOf(descriptor: Descriptor, bytes: Uint8Array): StoredBytes {
  const { mediaType, digest, size } = descriptor;
  return { bytes, digest, size, ...(mediaType === "" ? {} : { mediaType }) };
}

/** One image of several platforms, right in `index.json`: an index of these alone. */
function indexOf(manifests: readonly Descriptor[]): StoredBytes {
  const index = { schemaVersion: 2, mediaType: ociIndexType, manifests };
  return { bytes: Buffer.from(JSON.stringify(index)), mediaType: ociIndexType };
}

async function locateBlob(files: LayoutFiles, descriptor: Descriptor): Promise<FilePart> {
  const { digest, size } = descriptor;
  const what = `${files.place}: blob ${JSON.stringify(digest)}`;
  if (!isDigest(digest)) throw new UserError("unreadable", `${what}: no valid digest`);
  const part = await files.locate(`blobs/${digest.replace(":", "/")}`, digest);
  if (part === undefined) throw new UserError("not-found", `${what}: not there`);
  if (part.size !== size) {
    throw new UserError("unreadable", `${what}: ${part.size} bytes, its descriptor says ${size}`);
  }
  return part;
}
