import { asRecord } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { type Digest, isDigest } from "../../model/digest.ts";
import { connectEngine, type Engine, type EngineOptions } from "./connect-engine.ts";
import type { EngineAddress } from "./endpoint.ts";
import { findDocker } from "./find-docker.ts";
import { findPodman } from "./find-podman.ts";

/** An image that an engine on this machine holds. */
export interface LocalImage {
  readonly name: string;
  /** Lowest first. */
  readonly diffIds: readonly Digest[];
}

const maxImages = 500;
const maxListBytes = 32 * 1024 * 1024;
const maxInspectBytes = 8 * 1024 * 1024;
const atOnce = 4;

/** The named images of the local engines with their layers, at most 500 of each engine; none where no engine answers. For telling base layers. */
export async function listLocalImages(options: EngineOptions): Promise<readonly LocalImage[]> {
  const lists = await Promise.all([findDocker, findPodman].map((find) => listImages(find, options)));
  return lists.flat();
}

async function listImages(
  find: (environment: EngineOptions["environment"]) => Promise<EngineAddress>,
  options: EngineOptions,
): Promise<readonly LocalImage[]> {
  try {
    const engine = await connectEngine(await find(options.environment), options);
    try {
      return await inspectAll(engine, await namedImages(engine));
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

interface NamedImage {
  readonly id: Digest;
  readonly names: readonly string[];
}

async function namedImages(engine: Engine): Promise<readonly NamedImage[]> {
  const list = await engine.json("/images/json", maxListBytes);
  if (!Array.isArray(list)) return [];
  const images = list.flatMap((item: unknown): NamedImage[] => {
    const { Id: id, RepoTags: tags } = asRecord(item) ?? {};
    const names = Array.isArray(tags)
      ? tags.filter((tag) => typeof tag === "string").filter((tag) => tag !== "<none>:<none>")
      : [];
    return isDigest(id) && names.length > 0 ? [{ id, names }] : [];
  });
  return images.slice(0, maxImages);
}

async function inspectAll(engine: Engine, images: readonly NamedImage[]): Promise<readonly LocalImage[]> {
  const found: LocalImage[] = [];
  for (let at = 0; at < images.length; at += atOnce) {
    const lists = await Promise.all(images.slice(at, at + atOnce).map((image) => inspect(engine, image)));
    found.push(...lists.flat());
  }
  return found;
}

/** An image can go between the list and the question; it is then left out. */
async function inspect(engine: Engine, { id, names }: NamedImage): Promise<readonly LocalImage[]> {
  const answer = await engine.json(`/images/${id}/json`, maxInspectBytes).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  const layers = asRecord(asRecord(answer)?.["RootFS"])?.["Layers"];
  if (!Array.isArray(layers) || !layers.every(isDigest)) return [];
  return names.map((name) => ({ name, diffIds: layers }));
}
