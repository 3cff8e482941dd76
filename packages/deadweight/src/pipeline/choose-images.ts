import { defaultLimits } from "../archive/limits.ts";
import { type ImageIndex, leavesOf, readImageIndex, sourceOf } from "../image/image-index.ts";
import { UserError } from "../lib/user-error.ts";
import { printPlatform } from "../model/platform.ts";
import type { Destination } from "./destination.ts";
import type { FoundIndex } from "./optimize-index.ts";
import type { FoundImage, ImageOptions } from "./with-facts.ts";

/** The images of a source that are looked at: all of an index, or one. */
export type ChosenImages = (FoundIndex & { readonly index: ImageIndex }) | (FoundImage & { readonly index?: undefined });

/**
 * All images when that is asked for, or when no platform is named and the destination holds an index; else one. Throws UserError
 * `unsupported`, exit 2, when all are asked for and the destination holds one.
 */
export async function chooseImages(
  found: FoundImage,
  destination: Destination | undefined,
  { allPlatforms, platform }: Pick<ImageOptions, "platform"> & { readonly allPlatforms?: boolean },
): Promise<ChosenImages> {
  const { source, store } = found;
  const holdsIndex = destination?.holdsIndex(store);
  if (!(allPlatforms ?? (platform === undefined && holdsIndex === true)) || source.kind === "archive") return found;
  const index = await readImageIndex(source, defaultLimits);
  if (index === undefined) return found;
  if (holdsIndex !== false) return { ...found, source, index };
  const images = leavesOf(index).filter(({ leadsTo }) => leadsTo.kind !== "manifest" || leadsTo.role === "image");
  const [only, ...others] = images;
  if (only?.leadsTo.kind === "manifest" && others.length === 0)
    return { ...found, source: sourceOf(source, { descriptor: only.descriptor, bytes: only.leadsTo.bytes }) };
  const names = images.map(({ descriptor }) =>
    descriptor.platform === undefined ? descriptor.digest : printPlatform(descriptor.platform),
  );
  throw new UserError("unsupported", `${destination?.name}: holds one platform, the image is for ${names.join(", ")}`, {
    exitCode: 2,
    hint: "choose one with --platform, or write all of them to oci:FOLDER, oci-archive:FILE or docker://HOST/NAME:TAG",
  });
}
