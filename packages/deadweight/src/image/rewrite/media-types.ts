import type { LayerIndex } from "../../model/layer-index.ts";

/** Which words a manifest uses: the OCI image-spec's or Docker's schema 2. */
export type Family = "oci" | "docker";

/** The types of a manifest and of a config. */
export const mediaTypes: Readonly<Record<Family, { readonly manifest: string; readonly config: string }>> = {
  oci: {
    manifest: "application/vnd.oci.image.manifest.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
  },
  docker: {
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
  },
};

/** The types of an index. */
export const indexTypes: Readonly<Record<Family, string>> = {
  oci: "application/vnd.oci.image.index.v1+json",
  docker: "application/vnd.docker.distribution.manifest.list.v2+json",
};

const layerTypes: Readonly<Record<Family, Readonly<Record<LayerIndex["compression"], string | undefined>>>> = {
  oci: {
    none: "application/vnd.oci.image.layer.v1.tar",
    gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
    zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  },
  docker: {
    none: "application/vnd.docker.image.rootfs.diff.tar",
    gzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    // Docker's schema 2 has no word for it; runtimes refuse a Docker manifest with an OCI layer.
    zstd: undefined,
  },
};

const ociNames: ReadonlyMap<string, string> = new Map([
  [mediaTypes.docker.manifest, mediaTypes.oci.manifest],
  [mediaTypes.docker.config, mediaTypes.oci.config],
  ["application/vnd.docker.image.rootfs.diff.tar", "application/vnd.oci.image.layer.v1.tar"],
  ["application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.oci.image.layer.v1.tar+gzip"],
  ["application/vnd.docker.image.rootfs.foreign.diff.tar", "application/vnd.oci.image.layer.nondistributable.v1.tar"],
  ["application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"],
]);

/** What a layer is called in a family; undefined where it has no name. */
export function layerType(family: Family, compression: LayerIndex["compression"]): string | undefined {
  return layerTypes[family][compression];
}

/** The OCI name of a media type of Docker's; any other as it is. */
export function asOciType(mediaType: string): string {
  return ociNames.get(mediaType) ?? mediaType;
}
