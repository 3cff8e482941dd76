import type { Limits } from "../../archive/limits.ts";
import { asRecord, parseJson } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { qualifiedName } from "../../model/reference.ts";
import { noSuchImage, severalImages } from "./choose-image.ts";
import type { LayoutFiles } from "./layout-files.ts";
import { readPart } from "./read-part.ts";

/** One image in the `manifest.json` of a docker-archive: members of the archive by name, layers from the lowest. */
export interface DockerManifestImage {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

/** The images of an archive's `manifest.json`, undefined when it has none. Throws UserError `unreadable`. */
export async function readDockerManifest(
  files: LayoutFiles,
  limits: Limits,
): Promise<readonly DockerManifestImage[] | undefined> {
  const part = await files.locate("manifest.json");
  if (part === undefined) return undefined;
  const what = `${files.place}: manifest.json`;
  const images = parseJson(await readPart(part, limits.archiveManifestBytes, what), what);
  if (!Array.isArray(images)) throw new UserError("unreadable", `${what}: no list of images`);
  return images.map((image: unknown, place) => parseImage(image, `${what}: image ${place}`, limits));
}

/** The image of that name, or the only one. Throws UserError with the names to choose from (exit 2), or `not-found`. */
export function chooseDockerImage(
  images: readonly DockerManifestImage[],
  selector: string | undefined,
  place: string,
): DockerManifestImage {
  const chosen = selector === undefined ? images : images.filter((image) => isNamed(image, selector));
  const names = images.flatMap((image) => (image.names.length > 0 ? image.names : [image.config]));
  const [only, ...others] = chosen;
  if (only === undefined) {
    if (selector !== undefined) throw noSuchImage(names, place, selector);
    throw new UserError("not-found", `${place}: holds no image`);
  }
  if (others.some((other) => other.config !== only.config)) throw severalImages(names, place, selector);
  return only;
}

function isNamed(image: DockerManifestImage, selector: string): boolean {
  if (image.config === selector) return true;
  return image.names.some((name) => name === selector || qualifiedName(name) === qualifiedName(selector));
}

function parseImage(value: unknown, what: string, limits: Limits): DockerManifestImage {
  const { Config: config, RepoTags: names, Layers: layers } = asRecord(value) ?? {};
  if (typeof config !== "string" || config === "") throw new UserError("unreadable", `${what}: no Config`);
  // A scratch image has null for its layers.
  const layerPaths = textsOf(layers ?? [], `${what}: Layers`);
  if (layerPaths.length > limits.layers) {
    throw new UserError("unreadable", `${what}: ${layerPaths.length} layers, more than the limit of ${limits.layers}`);
  }
  return { config, names: textsOf(names ?? [], `${what}: RepoTags`), layers: layerPaths };
}

function textsOf(value: unknown, what: string): readonly string[] {
  if (Array.isArray(value) && value.every((item): item is string => typeof item === "string")) return value;
  throw new UserError("unreadable", `${what}: no list of texts`);
}
