import type { ManifestSource, OutgoingImage } from "../contracts/store.ts";
import { UserError } from "../lib/user-error.ts";
import type { BlobBytes } from "../model/image.ts";

/** An image that was made and is not written yet, as a source: it is read as one that a store holds. */
export function rewrittenSource({ manifest, config, layers }: OutgoingImage, reference: string): ManifestSource {
  const blobs = new Map(layers.map(({ descriptor, bytes }) => [descriptor.digest, bytes]));
  blobs.set(config.descriptor.digest, inMemory(config.bytes));
  const missing = (digest: string): UserError => new UserError("unreadable", `${reference}: has no ${digest}`);
  return {
    kind: "manifest",
    reference,
    root: { ...manifest.descriptor, bytes: manifest.bytes },
    manifest: ({ digest }) => Promise.reject(missing(digest)),
    blob: ({ digest }) => {
      const bytes = blobs.get(digest);
      return bytes === undefined ? Promise.reject(missing(digest)) : Promise.resolve(bytes);
    },
    close: () => Promise.resolve(),
  };
}

function inMemory(bytes: Uint8Array): BlobBytes {
  const open = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  return { kind: "stream", size: bytes.length, open };
}
