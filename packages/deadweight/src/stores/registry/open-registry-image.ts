import { defaultLimits } from "../../archive/limits.ts";
import type { ManifestSource, OpenOptions } from "../../contracts/store.ts";
import { UserError } from "../../lib/user-error.ts";
import { isDigest } from "../../model/digest.ts";
import type { BlobBytes, Descriptor } from "../../model/image.ts";
import { acceptedManifests, manifestType } from "./manifest-type.ts";
import { parseReference, printReference } from "./parse-reference.ts";
import { type Timing, persistently, realTiming } from "./patience.ts";
import { readBlob } from "./read-blob.ts";
import { readBody } from "./read-body.ts";
import { type RegistryClient, connectRegistry } from "./registry-client.ts";

/** Opens an image of a registry by `[host[:port]/]path[:tag][@digest]`: fetches its root, and the rest when it is asked for. */
export async function openRegistryImage(
  name: string,
  options: OpenOptions,
  timing: Timing = realTiming,
): Promise<ManifestSource> {
  const reference = parseReference(name);
  const printed = printReference(reference);
  const client = await connectRegistry({ ...options, reference, timing });
  const { digest } = reference;
  try {
    const root = await readManifest(client, digest ?? reference.tag, undefined, printed);
    return {
      kind: "manifest",
      reference: `docker://${printed}`,
      // What the registry says of the digest is not passed on: only one that the user gave is a claim to check.
      root: digest === undefined ? root : { ...root, digest },
      manifest: async (descriptor) => {
        requireOwn(descriptor, printed);
        return (await readManifest(client, descriptor.digest, descriptor.mediaType, `${printed}: ${descriptor.digest}`)).bytes;
      },
      blob: async (descriptor) => blobOf(client, descriptor, printed),
      close: client.close,
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function readManifest(
  client: RegistryClient,
  id: string,
  expectedType: string | undefined,
  what: string,
): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string }> {
  return persistently(client.patience(what), async () => {
    const answer = await client.get(`manifests/${id}`, { accept: acceptedManifests }, what);
    const bytes = await readBody(answer, defaultLimits.manifestBytes, `${what}: the manifest`);
    return { bytes, mediaType: manifestType(bytes, answer.header("content-type")[0], expectedType, what) };
  });
}

function blobOf(client: RegistryClient, descriptor: Descriptor, printed: string): BlobBytes {
  requireOwn(descriptor, printed);
  const { digest, size } = descriptor;
  const what = `${printed}: ${digest}`;
  const get = (headers: Readonly<Record<string, string>>) => client.get(`blobs/${digest}`, headers, what);
  return { kind: "stream", size, open: () => readBlob({ what, size, get, patience: client.patience(what) }) };
}

/** A digest becomes part of a URL. What lies at `urls` is never fetched: the address is the image's choice, inside our network. */
function requireOwn({ digest, urls }: Descriptor, printed: string): void {
  if (!isDigest(digest)) throw new UserError("unreadable", `${printed}: ${JSON.stringify(digest)} is not a digest`);
  if (urls === undefined || urls.length === 0) return;
  throw new UserError("unsupported", `${printed}: ${digest} is a foreign layer, kept outside the registry, and is not fetched`);
}
