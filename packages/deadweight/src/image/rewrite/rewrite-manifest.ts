import { asRecord, parseJson } from "../../lib/parse-json.ts";
import type { LayerIndex } from "../../model/layer-index.ts";
import { locateJson, memberOf, textAt, withMembers, type JsonPlace } from "./json-text.ts";
import { asOciType, layerType, mediaTypes, type Family } from "./media-types.ts";

/** A blob that takes another's place in a manifest. */
export interface NewBlob {
  readonly digest: string;
  readonly size: number;
}

/** A layer that takes another's place. */
export interface NewLayer extends NewBlob {
  readonly compression: LayerIndex["compression"];
}

/** Annotations of a layer that say something of its blob's bytes, and would lie about others. */
const ofBlobBytes =
  /^(?:containerd\.io\/uncompressed$|containerd\.io\/snapshot\/|io\.containers\.estargz\.|io\.github\.containers\.zstd-chunked\.)/;

/** A layer of a manifest: one that is there already, by its place, another in its place, or one that is new. */
export type ManifestLayer =
  | { readonly place: number; readonly blob?: NewLayer }
  | { readonly place?: never; readonly blob: NewLayer };

/**
 * A manifest with another config and, by place, other layers. Annotations, unknown keys and their order stay. Docker's schema 2
 * stays so, unless a new layer is zstd, which it has no name for: then all types become OCI's.
 */
export function rewriteManifest(bytes: Uint8Array, config: NewBlob, layers: ReadonlyMap<number, NewLayer>): Uint8Array {
  const items = memberOf(locateJson(manifestText(bytes)), "layers")?.items ?? [];
  const all = items.map((_, place): ManifestLayer => {
    const blob = layers.get(place);
    return blob === undefined ? { place } : { place, blob };
  });
  return arrangeManifest(bytes, config, all);
}

/** A manifest with another config and these layers, lowest first; for the rest as `rewriteManifest`. */
export function arrangeManifest(bytes: Uint8Array, config: NewBlob, layers: readonly ManifestLayer[]): Uint8Array {
  const text = manifestText(bytes);
  const root = locateJson(text);
  const family = familyOf(text, root);
  const becomesOci =
    family === "docker" && layers.some(({ blob }) => blob !== undefined && layerType(family, blob.compression) === undefined);
  const target = becomesOci ? "oci" : family;
  const items = memberOf(root, "layers")?.items ?? [];
  const layerText = ({ place, blob }: ManifestLayer): string => {
    const item = place === undefined ? undefined : items[place];
    if (blob !== undefined && item === undefined) return JSON.stringify(descriptorOf(target, blob));
    if (blob !== undefined) return replaced(text, item, blob, layerType(target, blob.compression));
    if (item === undefined) throw new RangeError(`the manifest has no layer ${place}`);
    if (!becomesOci) return textAt(text, item);
    return withMembers(text, item, { mediaType: JSON.stringify(asOciType(stringAt(text, item, "mediaType"))) });
  };
  const configPlace = memberOf(root, "config");
  return Buffer.from(
    withMembers(text, root, {
      ...(becomesOci ? { mediaType: JSON.stringify(mediaTypes.oci.manifest) } : {}),
      config: replaced(text, configPlace, config, becomesOci ? asOciType(stringAt(text, configPlace, "mediaType")) : undefined),
      layers: `[${layers.map(layerText).join(",")}]`,
    }),
  );
}

function manifestText(bytes: Uint8Array): string {
  parseJson(bytes, "manifest");
  return new TextDecoder().decode(bytes);
}

function descriptorOf(family: Family, { compression, digest, size }: NewLayer): Readonly<Record<string, unknown>> {
  return { mediaType: layerType(family, compression), digest, size };
}

/** An OCI manifest for an image that has none. */
export function createManifest(config: NewBlob, layers: readonly NewLayer[]): Uint8Array {
  const { manifest: mediaType, config: configType } = mediaTypes.oci;
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: { mediaType: configType, digest: config.digest, size: config.size },
      layers: layers.map((layer) => descriptorOf("oci", layer)),
    }),
  );
}

/** The type of a manifest by its own word; OCI's where it says none. */
export function manifestType(bytes: Uint8Array): string {
  const mediaType = asRecord(parseJson(bytes, "manifest"))?.["mediaType"];
  return typeof mediaType === "string" ? mediaType : mediaTypes.oci.manifest;
}

function familyOf(text: string, root: JsonPlace): Family {
  const { manifest, config } = mediaTypes.docker;
  const own = stringAt(text, root, "mediaType");
  const isDocker = own === manifest || (own === "" && stringAt(text, memberOf(root, "config"), "mediaType") === config);
  return isDocker ? "docker" : "oci";
}

/** A descriptor for other bytes: what was said of the old ones alone goes. */
function replaced(text: string, place: JsonPlace | undefined, blob: NewBlob, mediaType: string | undefined): string {
  const annotations = memberOf(place, "annotations");
  const stale = (annotations?.members ?? []).map(({ key }) => key).filter((key) => ofBlobBytes.test(key));
  return withMembers(text, place, {
    ...(mediaType === undefined ? {} : { mediaType: JSON.stringify(mediaType) }),
    size: String(blob.size),
    digest: JSON.stringify(blob.digest),
    urls: undefined,
    data: undefined,
    ...(stale.length === 0
      ? {}
      : { annotations: withMembers(text, annotations, Object.fromEntries(stale.map((key) => [key, undefined]))) }),
  });
}

function stringAt(text: string, place: JsonPlace | undefined, key: string): string {
  const member = memberOf(place, key);
  const value: unknown = member === undefined ? undefined : JSON.parse(textAt(text, member));
  return typeof value === "string" ? value : "";
}
