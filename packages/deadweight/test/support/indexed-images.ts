import { type LayoutFile, ociImage, sha256 } from "./archived-image.ts";

type Json = Readonly<Record<string, unknown>>;

const types = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
};

/** A manifest or index with all blobs below it, and its descriptor. */
export interface Stored {
  readonly blobs: readonly LayoutFile[];
  readonly descriptor: Json & { readonly digest: string };
}

/** The image for an architecture. */
export function imageFor(architecture: string, layers: readonly Uint8Array[], more: Json = {}): Stored {
  const { blobs, descriptor } = ociImage(layers, { architecture });
  return { blobs, descriptor: { ...descriptor, digest: String(descriptor["digest"]), ...more } };
}

/** What BuildKit stores beside an image: a manifest that no engine runs, with a statement about it. */
export function attestationOf(image: Stored | undefined, statement: string): Stored {
  const config = JSON.stringify({ architecture: "unknown", os: "unknown", config: {}, rootfs: { type: "layers", diff_ids: [] } });
  const annotations = {
    "vnd.docker.reference.type": "attestation-manifest",
    ...(image === undefined ? {} : { "vnd.docker.reference.digest": image.descriptor.digest }),
  };
  return manifestOf(config, types.config, statement, { annotations, platform: { os: "unknown", architecture: "unknown" } });
}

/** Something in an index that is no image. */
export function artifactOf(content: string): Stored {
  return manifestOf("{}", "application/vnd.oci.empty.v1+json", content, { artifactType: "application/vnd.example" });
}

function manifestOf(config: string, configType: string, content: string, more: Json): Stored {
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: describe(configType, config),
    layers: [describe("application/vnd.in-toto+json", content)],
  });
  return { blobs: [config, content, manifest].map(blob), descriptor: { ...describe(types.manifest, manifest), ...more } };
}

/** An index of these, in their order. */
export function indexOf(stored: readonly Stored[], more: Json = {}): Stored {
  const fields = { schemaVersion: 2, mediaType: types.index, manifests: stored.map(({ descriptor }) => descriptor), ...more };
  const text = JSON.stringify(fields, undefined, 3);
  return { blobs: [...stored.flatMap(({ blobs }) => blobs), blob(text)], descriptor: describe(types.index, text) };
}

/** The same image as Docker writes it. */
export function asDocker({ blobs, descriptor }: Stored): Stored {
  const old = String(blobs.find(({ path }) => path.endsWith(descriptor.digest.slice(7)))?.content);
  const text = old
    .replace(types.manifest, "application/vnd.docker.distribution.manifest.v2+json")
    .replace(types.config, "application/vnd.docker.container.image.v1+json")
    .replaceAll("application/vnd.oci.image.layer.v1.tar", "application/vnd.docker.image.rootfs.diff.tar");
  const { platform } = descriptor;
  const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
  return { blobs: [...blobs, blob(text)], descriptor: { ...describe(mediaType, text), platform } };
}

function blob(content: string): LayoutFile {
  return { path: `blobs/sha256/${sha256(content)}`, content };
}

function describe(mediaType: string, content: string): Json & { readonly digest: string } {
  return { mediaType, digest: `sha256:${sha256(content)}`, size: Buffer.byteLength(content) };
}
