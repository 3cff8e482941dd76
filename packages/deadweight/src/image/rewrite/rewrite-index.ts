import { parseJson } from "../../lib/parse-json.ts";
import type { Digest } from "../../model/digest.ts";
import { indexTypes, mediaTypes } from "./media-types.ts";
import { locateJson, memberOf, textAt, withMembers, type JsonPlace } from "./json-text.ts";

/** A manifest or index that takes another's place in an index. */
export interface NewManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

/**
 * An index with other manifests, by the digests of those that they replace; `undefined` takes one out. Annotations, platforms, unknown keys
 * and their order stay, and without a change all bytes. A list of Docker's becomes an index of OCI's when a manifest in it becomes one.
 */
export function rewriteIndex(bytes: Uint8Array, changes: ReadonlyMap<Digest, NewManifest | undefined>): Uint8Array {
  parseJson(bytes, "manifest");
  const text = new TextDecoder().decode(bytes);
  const root = locateJson(text);
  const items = (memberOf(root, "manifests")?.items ?? []).map((place) => ({ place, old: digestAt(text, place) }));
  if (!items.some(({ old }) => changes.has(old))) return bytes;
  const kept = items.filter(({ old }) => !changes.has(old) || changes.get(old) !== undefined);
  const becomesOci = kept.some(({ old }) => changes.get(old)?.mediaType === mediaTypes.oci.manifest);
  const isDocker = stringAt(text, root, "mediaType") === indexTypes.docker;
  return Buffer.from(
    withMembers(text, root, {
      ...(isDocker && becomesOci ? { mediaType: JSON.stringify(indexTypes.oci) } : {}),
      manifests: `[${kept.map(({ place, old }) => replaced(text, place, changes.get(old))).join(",")}]`,
    }),
  );
}

/** A descriptor of other bytes: what was said of the old ones alone goes. */
function replaced(text: string, place: JsonPlace, manifest: NewManifest | undefined): string {
  if (manifest === undefined) return textAt(text, place);
  const { mediaType, digest, size } = manifest;
  return withMembers(text, place, {
    ...(stringAt(text, place, "mediaType") === mediaType ? {} : { mediaType: JSON.stringify(mediaType) }),
    digest: JSON.stringify(digest),
    size: String(size),
    urls: undefined,
    data: undefined,
  });
}

function digestAt(text: string, place: JsonPlace): Digest {
  return stringAt(text, place, "digest");
}

function stringAt(text: string, place: JsonPlace, key: string): string {
  const member = memberOf(place, key);
  const value: unknown = member === undefined ? undefined : JSON.parse(textAt(text, member));
  return typeof value === "string" ? value : "";
}
