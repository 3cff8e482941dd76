import { UserError } from "../../lib/user-error.ts";
import type { Descriptor } from "../../model/image.ts";
import { printPlatform } from "../../model/platform.ts";
import { qualifiedName } from "../../model/reference.ts";

/**
 * The descriptors that a selector means: a tag, a whole name or a digest; without one, those of the layout's only image. More than
 * one are the same image for several platforms. Throws UserError with the names to choose from (exit 2), or `not-found`.
 */
export function chooseImage(
  descriptors: readonly Descriptor[],
  selector: string | undefined,
  place: string,
): readonly Descriptor[] {
  const images = descriptors.filter(isImage);
  const chosen = withoutTwins(selector === undefined ? images : images.filter((image) => isNamed(image, selector)));
  if (chosen.length === 0) throw notFound(images, selector, place);
  if (chosen.length > 1 && !areForPlatforms(chosen)) throw severalImages(namesOf(chosen), place, selector);
  return chosen;
}

/** The error for a place that holds several images when none was chosen; it lists them. */
export function severalImages(names: readonly string[], place: string, selector?: string): UserError {
  const which = selector === undefined ? "" : ` called ${JSON.stringify(selector)}`;
  return new UserError("ambiguous", `${place}: several images${which}: ${listed(names)}`, {
    exitCode: 2,
    hint: "put a colon and one of these names after the path",
  });
}

/** The error for a selector that no image has; it lists those that are there. */
export function noSuchImage(names: readonly string[], place: string, selector: string): UserError {
  const there = names.length === 0 ? "it holds no image" : `it holds ${listed(names)}`;
  return new UserError("not-found", `${place}: no image ${JSON.stringify(selector)}: ${there}`);
}

function notFound(images: readonly Descriptor[], selector: string | undefined, place: string): UserError {
  if (selector !== undefined) return noSuchImage(namesOf(images), place, selector);
  return new UserError("not-found", `${place}: holds no image`);
}

/** Attestations and signatures stand beside images in an index and are none (BuildKit's attestation storage). */
function isImage(descriptor: Descriptor): boolean {
  const isUnknown = descriptor.platform?.os === "unknown" && descriptor.platform.architecture === "unknown";
  return !isUnknown && descriptor.annotations?.["vnd.docker.reference.type"] === undefined;
}

function isNamed(descriptor: Descriptor, selector: string): boolean {
  if (descriptor.digest === selector) return true;
  return [refName(descriptor), fullName(descriptor)].some(
    (name) => name === selector || (name !== undefined && name.includes("/") && qualifiedName(name) === qualifiedName(selector)),
  );
}

function refName(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.["org.opencontainers.image.ref.name"];
}

/** Docker 25 and BuildKit give the tag alone as the ref name, and the whole name here. */
function fullName(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.["io.containerd.image.name"];
}

function namesOf(descriptors: readonly Descriptor[]): readonly string[] {
  return descriptors.map((descriptor) => {
    const platform = descriptor.platform === undefined ? "" : ` (${printPlatform(descriptor.platform)})`;
    return `${fullName(descriptor) ?? refName(descriptor) ?? descriptor.digest}${platform}`;
  });
}

function listed(names: readonly string[]): string {
  const shown = [...new Set(names)].slice(0, 20).map((name) => JSON.stringify(name));
  return names.length > 20 ? `${shown.join(", ")} and ${names.length - 20} more` : shown.join(", ");
}

/** Two tags of one image are one image. */
function withoutTwins(descriptors: readonly Descriptor[]): readonly Descriptor[] {
  return [...new Map(descriptors.map((descriptor) => [descriptor.digest, descriptor])).values()];
}

/** Whether descriptors of different digests are one image for several platforms: the same name, and no platform twice. */
function areForPlatforms(descriptors: readonly Descriptor[]): boolean {
  const platforms = new Set(descriptors.map(({ platform }) => platform && printPlatform(platform)));
  const names = new Set(descriptors.map((descriptor) => fullName(descriptor) ?? refName(descriptor)));
  return names.size === 1 && platforms.size === descriptors.length && !platforms.has(undefined);
}
