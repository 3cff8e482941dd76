import { defineStore, type ImageSource, type OpenOptions, type Store } from "../contracts/store.ts";
import { openArchive } from "./layout/open-archive.ts";
import { looksLikeArchive } from "./layout/recognise-archive.ts";
import { splitSelector } from "./layout/split-selector.ts";

/** An OCI image layout in a tar archive, plain or compressed. */
export const ociArchive: Store = defineStore({
  scheme: "oci-archive",
  summary: "an OCI layout in a tar file: oci-archive:FILE[:TAG]",
  open,
  recognises: (path) => looksLikeArchive(path, ["oci-layout", "index.json"]),
});

async function open(name: string, options: OpenOptions): Promise<ImageSource> {
  const { path, selector } = await splitSelector(name, "file");
  const place = `oci-archive ${JSON.stringify(path)}`;
  return openArchive({ path, selector, reference: `oci-archive:${name}`, place }, options);
}
