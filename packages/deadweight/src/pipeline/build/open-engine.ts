import { connectEngine, type Engine, type EngineOptions } from "../../engine/connect-engine.ts";
import { findDocker } from "../../engine/find-docker.ts";
import { findPodman } from "../../engine/find-podman.ts";
import { asRecord } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import type { EngineName } from "./engine-names.ts";

/** An engine's images by name and by id. All methods throw UserError when it fails. */
export interface ImageNames {
  /** `docker` or `podman`: the scheme of the store that has its images. */
  readonly program: string;
  readonly engine: Engine;
  /** The id of what a name means, or of an id itself; undefined when there is none. */
  readonly idOf: (name: string) => Promise<string | undefined>;
  /** Where registries have the image of an id, as far as the engine has pulled or pushed it: `registry.example/app@sha256:…`. */
  readonly registryDigests: (id: string) => Promise<readonly string[]>;
  readonly tag: (id: string, name: EngineName) => Promise<void>;
  /** Takes a name away; the image stays while anything else names it. */
  readonly untag: (name: string) => Promise<void>;
  /** Takes an image away that has no name. */
  readonly discard: (id: string) => Promise<void>;
}

const tidyTimeoutMs = 60_000;

/** Connects to the engine that is named, else to Docker. Throws UserError `no-engine`. */
export async function openEngine(asked: string | undefined, options: EngineOptions): Promise<ImageNames> {
  const program = asked ?? "docker";
  const address = program === "podman" ? await findPodman(options.environment) : await findDocker(options.environment);
  const engine = await connectEngine(address, options);
  const inspect = async (name: string, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>> | undefined> => {
    try {
      const path = `/images/${encodeURIComponent(name)}/json`;
      return asRecord(await engine.ask({ method: "GET", path, ...(signal === undefined ? {} : { signal }) }));
    } catch (error) {
      if (error instanceof UserError && error.code === "not-found") return undefined;
      throw error;
    }
  };
  const remove = async (name: string, signal?: AbortSignal): Promise<void> => {
    await engine.ask({
      method: "DELETE",
      path: `/images/${encodeURIComponent(name)}`,
      ...(signal === undefined ? {} : { signal }),
    });
  };
  return {
    program,
    engine,
    idOf: async (name) => {
      const id = (await inspect(name))?.["Id"];
      return typeof id === "string" ? id : undefined;
    },
    registryDigests: async (id) => {
      const digests = (await inspect(id))?.["RepoDigests"];
      return Array.isArray(digests) ? digests.filter((digest) => typeof digest === "string") : [];
    },
    tag: async (id, { repository, tag }) => {
      const query = new URLSearchParams({ repo: repository, tag });
      await engine.ask({ method: "POST", path: `/images/${encodeURIComponent(id)}/tag?${query.toString()}` });
    },
    untag: (name) => remove(name),
    discard: async (id) => {
      // By its id an image would be removed together with its only name, and after a stop it has to go as well.
      const signal = AbortSignal.timeout(tidyTimeoutMs);
      const names = (await inspect(id, signal))?.["RepoTags"];
      if (Array.isArray(names) && names.length === 0) await remove(id, signal);
    },
  };
}
