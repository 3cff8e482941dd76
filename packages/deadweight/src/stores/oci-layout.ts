import { stat } from "node:fs/promises";
import { join } from "node:path";
import { defaultLimits } from "../archive/limits.ts";
import {
  defineStore,
  type ImageSource,
  type OpenOptions,
  type Outgoing,
  type Store,
  type WriteOptions,
} from "../contracts/store.ts";
import { UserError } from "../lib/user-error.ts";
import { chooseImage } from "./layout/choose-image.ts";
import { folderFiles } from "./layout/folder-files.ts";
import { readOciIndex } from "./layout/oci-index.ts";
import { openLayout } from "./layout/open-layout.ts";
import { splitSelector } from "./layout/split-selector.ts";
import { countWritten } from "./write/count-written.ts";
import { findDestination } from "./write/find-destination.ts";
import { checkOciName } from "./write/oci-files.ts";
import { sizeOf } from "./write/outgoing-blobs.ts";
import { writeAside } from "./write/write-aside.ts";
import { checkIsLayout, layoutBlobs, writeLayout } from "./write/write-layout.ts";

/** An OCI image layout in a folder: `oci-layout`, `index.json` and `blobs/ALGORITHM/DIGITS`. */
export const ociLayout: Store = defineStore({
  scheme: "oci",
  summary: "an OCI layout in a folder: oci:FOLDER[:TAG]",
  open,
  write,
  recognises: async (path) => (await isFile(join(path, "index.json"))) && (await isFile(join(path, "oci-layout"))),
});

async function open(name: string, options: OpenOptions): Promise<ImageSource> {
  options.signal.throwIfAborted();
  const { path, selector } = await splitSelector(name, "folder");
  const files = folderFiles(path);
  const descriptors = await readOciIndex(files, defaultLimits);
  if (descriptors === undefined) throw new UserError("unreadable", `${files.place}: no index.json in it: no OCI layout`);
  const chosen = chooseImage(descriptors, selector, files.place);
  return openLayout(files, chosen, `oci:${name}`, defaultLimits, () => Promise.resolve());
}

async function write(name: string, outgoing: Outgoing, options: WriteOptions): Promise<string> {
  const { path, selector } = await findDestination(name, "oci");
  const place = `oci folder ${JSON.stringify(path)}`;
  checkOciName(selector, place);
  const needed = sizeOf(layoutBlobs(outgoing));
  const fill = (folder: string): Promise<void> => {
    const count = countWritten(`writing ${path}`, needed, options.onProgress);
    return writeLayout(folder, outgoing, selector, count, options);
  };
  const checkReplaceable = (folder: string): Promise<void> => checkIsLayout(folder, place);
  await writeAside({ path, kind: "folder", place, needed, force: options.force, checkReplaceable, fill });
  return selector === undefined ? `oci:${path}` : `oci:${path}:${selector}`;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
