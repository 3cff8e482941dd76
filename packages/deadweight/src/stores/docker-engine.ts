import { defineStore, type Store } from "../contracts/store.ts";
import { findDocker } from "../engine/find-docker.ts";
import { loadEngineImage } from "./engine/load-engine-image.ts";
import { openEngineImage } from "./engine/open-engine-image.ts";

/** The images of a Docker engine: the one that the `docker` command would speak to. */
export const dockerEngine: Store = defineStore({
  scheme: "docker",
  summary: "an image of the Docker engine: docker:NAME[:TAG]",
  open: async (name, options) => openEngineImage(name, await findDocker(options.environment), options),
  write: async (name, outgoing, options) => loadEngineImage(name, await findDocker(options.environment), outgoing, options),
});
