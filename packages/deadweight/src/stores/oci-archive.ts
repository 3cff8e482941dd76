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
import { findDestination } from "./write/find-destination.ts";
import { checkOciName } from "./write/oci-files.ts";
import { sizeOf } from "./write/outgoing-blobs.ts";
import { writeAside } from "./write/write-aside.ts";
import { layoutBlobs } from "./write/write-layout.ts";
import { writeOciArchive } from "./write/write-oci-archive.ts";

/** An OCI image layout in a tar archive, plain or compressed. */
export const ociArchive: Store = defineStore({
  scheme: "oci-archive",
  summary: "an OCI layout in a tar file: oci-archive:FILE[:TAG]",
  open,
  write,
  recognises: (path) => looksLikeArchive(path, ["oci-layout", "index.json"]),
});

async function open(name: string, options: OpenOptions): Promise<ImageSource> {
  const { path, selector } = await splitSelector(name, "file");
  const place = `oci-archive ${JSON.stringify(path)}`;
  return openArchive({ path, selector, reference: `oci-archive:${name}`, place }, options);
}

async function write(name: string, outgoing: Outgoing, options: WriteOptions): Promise<string> {
  const { path, selector } = await findDestination(name, "oci-archive");
  const place = `oci-archive ${JSON.stringify(path)}`;
  checkOciName(selector, place);
  const needed = sizeOf(layoutBlobs(outgoing));
  const fill = (file: string): Promise<void> => {
    const count = countWritten(`writing ${path}`, needed, options.onProgress);
    return writeOciArchive(file, outgoing, selector, count, options);
  };
  await writeAside({ path, kind: "file", place, needed, force: options.force, fill });
  return selector === undefined ? `oci-archive:${path}` : `oci-archive:${path}:${selector}`;
}
