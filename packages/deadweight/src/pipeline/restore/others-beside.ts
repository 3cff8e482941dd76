import type { ImageSource, Store } from "../../contracts/store.ts";
import { defaultLimits } from "../../archive/limits.ts";
import { countOf } from "../../lib/count-of.ts";
import type { Image } from "../../model/image.ts";
import { parseReference } from "../../model/reference.ts";
import { folderFiles } from "../../stores/layout/folder-files.ts";
import { readOciIndex } from "../../stores/layout/oci-index.ts";
import { splitSelector } from "../../stores/layout/split-selector.ts";
import { omissionsOf } from "../omissions.ts";

/** What else is in the place of an image, under its name or in its folder, in words; undefined when it is alone there. */
export async function othersBeside(source: ImageSource, store: Store, image: Image): Promise<string | undefined> {
  const { omissions: below } = await omissionsOf(source, image.digest);
  if (below.length > 0) return `its index holds ${countOf(below.length, "more manifest")}`;
  if (store.scheme.endsWith("archive")) return "an archive may hold other names and images";
  if (store.scheme !== "oci") return undefined;
  const { path } = await splitSelector(parseReference(source.reference).name, "folder");
  const all = (await readOciIndex(folderFiles(path), defaultLimits)) ?? [];
  return all.length > 1 ? `its folder holds ${countOf(all.length - 1, "more image")}` : undefined;
}

/** Where an image in a folder is written again: under the name that it has there, though it was found without. */
export async function placeInFolder(name: string): Promise<string> {
  const { path, selector } = await splitSelector(name, "folder");
  const [only] = (await readOciIndex(folderFiles(path), defaultLimits)) ?? [];
  const found = selector ?? only?.annotations?.["org.opencontainers.image.ref.name"];
  return found === undefined ? path : `${path}:${found}`;
}
