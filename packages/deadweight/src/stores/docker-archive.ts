import { defineStore, type ImageSource, type OpenOptions, type Store } from "../contracts/store.ts";
import { openArchive } from "./layout/open-archive.ts";
import { looksLikeArchive } from "./layout/recognise-archive.ts";
import { splitSelector } from "./layout/split-selector.ts";

/** What `docker save` and `podman save` write, plain or compressed: the old layout, and the OCI one with it since Docker 25. */
export const dockerArchive: Store = defineStore({
  scheme: "docker-archive",
  summary: "an archive that docker save wrote: docker-archive:FILE[:NAME:TAG]",
  open,
  recognises: (path) => looksLikeArchive(path, ["manifest.json"]),
});

async function open(name: string, options: OpenOptions): Promise<ImageSource> {
  const { path, selector } = await splitSelector(name, "file");
  const place = `docker-archive ${JSON.stringify(path)}`;
  return openArchive({ path, selector, reference: `docker-archive:${name}`, place }, options);
}
