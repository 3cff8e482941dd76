import {
  defineStore,
  type ImageSource,
  type OpenOptions,
  type Outgoing,
  type Store,
  type WriteOptions,
} from "../contracts/store.ts";
import { openArchive } from "./layout/open-archive.ts";
import { looksLikeArchive } from "./layout/recognise-archive.ts";
import { splitSelector } from "./layout/split-selector.ts";
import { countWritten } from "./write/count-written.ts";
import { taggedName } from "./write/docker-files.ts";
import { findDestination } from "./write/find-destination.ts";
import { onlyImage, sizeOf } from "./write/outgoing-blobs.ts";
import { writeAside } from "./write/write-aside.ts";
import { writeDockerArchive } from "./write/write-docker-archive.ts";

/** What `docker save` and `podman save` write, plain or compressed: the old layout, and the OCI one with it since Docker 25. */
export const dockerArchive: Store = defineStore({
  scheme: "docker-archive",
  summary: "an archive that docker save wrote: docker-archive:FILE[:NAME:TAG]",
  open,
  write,
  recognises: (path) => looksLikeArchive(path, ["manifest.json"]),
});

async function open(name: string, options: OpenOptions): Promise<ImageSource> {
  const { path, selector } = await splitSelector(name, "file");
  const place = `docker-archive ${JSON.stringify(path)}`;
  return openArchive({ path, selector, reference: `docker-archive:${name}`, place }, options);
}

/** How many bytes a compressed layer takes is known when it is written; it is hardly less than it has now. */
async function write(name: string, outgoing: Outgoing, options: WriteOptions): Promise<string> {
  const { path, selector } = await findDestination(name, "docker-archive");
  const place = `docker-archive ${JSON.stringify(path)}`;
  const tagged = selector === undefined ? undefined : taggedName(selector, place);
  const image = onlyImage(outgoing, place);
  const needed = sizeOf(image.layers);
  const fill = (file: string): Promise<void> => {
    const count = countWritten(`writing ${path}`, needed, options.onProgress);
    return writeDockerArchive(file, image, tagged, count, options);
  };
  await writeAside({ path, kind: "file", place, needed, force: options.force, fill });
  return tagged === undefined ? `docker-archive:${path}` : `docker-archive:${path}:${tagged}`;
}
