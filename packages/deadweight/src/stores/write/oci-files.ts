import type { Outgoing } from "../../contracts/store.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Digest } from "../../model/digest.ts";
import { qualifiedName } from "../../model/reference.ts";
import { ociIndexType } from "../layout/oci-index.ts";
import { rootOf } from "./outgoing-blobs.ts";

/** The file that says what a folder or an archive is (OCI image-layout 1.1). */
export const layoutFile: Uint8Array = Buffer.from('{"imageLayoutVersion":"1.0.0"}');

/** Path of a blob in a layout. */
export function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

/** `index.json` of a layout that holds this image alone, under a name if it has one. */
export function indexFile(outgoing: Outgoing, name: string | undefined): Uint8Array {
  const { descriptor } = rootOf(outgoing);
  const annotations = { ...descriptor.annotations, ...(name === undefined ? {} : namesOf(name)) };
  const named = Object.keys(annotations).length === 0 ? descriptor : { ...descriptor, annotations };
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests: [named] }));
}

/** Throws UserError `bad-reference`, exit 2, for what can't be the name of an image in a layout. */
export function checkOciName(name: string | undefined, place: string): void {
  // The grammar of org.opencontainers.image.ref.name, which Docker's tags go beyond: they may begin with an underscore.
  if (name === undefined || (/^\w(?:[\w.:@+/-]{0,253}\w)?$/.test(name) && !/^sha(?:256|512):/.test(name))) return;
  throw new UserError("bad-reference", `${place}: ${JSON.stringify(name.slice(0, 300))} can't be the name of an image`, {
    exitCode: 2,
  });
}

/** A tag goes where skopeo, umoci and podman look for it; a whole name also where containerd does. */
function namesOf(name: string): Readonly<Record<string, string>> {
  const isWhole = /[/:]/.test(name);
  return {
    "org.opencontainers.image.ref.name": name,
    ...(isWhole ? { "io.containerd.image.name": qualifiedName(name) } : {}),
  };
}
