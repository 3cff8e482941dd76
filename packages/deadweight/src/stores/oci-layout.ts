import { stat } from "node:fs/promises";
import { join } from "node:path";
import { defaultLimits } from "../archive/limits.ts";
import { defineStore, type ImageSource, type OpenOptions, type Store } from "../contracts/store.ts";
import { UserError } from "../lib/user-error.ts";
import { chooseImage } from "./layout/choose-image.ts";
import { folderFiles } from "./layout/folder-files.ts";
import { readOciIndex } from "./layout/oci-index.ts";
import { openLayout } from "./layout/open-layout.ts";
import { splitSelector } from "./layout/split-selector.ts";

/** An OCI image layout in a folder: `oci-layout`, `index.json` and `blobs/ALGORITHM/DIGITS`. */
export const ociLayout: Store = defineStore({
  scheme: "oci",
  summary: "an OCI layout in a folder: oci:FOLDER[:TAG]",
  open,
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

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
