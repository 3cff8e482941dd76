import { defineStore, type Store } from "../contracts/store.ts";
import { findPodman } from "../engine/find-podman.ts";
import { loadEngineImage } from "./engine/load-engine-image.ts";
import { openEngineImage } from "./engine/open-engine-image.ts";

/** The images of Podman, through its service. */
export const podmanEngine: Store = defineStore({
  scheme: "podman",
  summary: "an image of Podman's service: podman:NAME[:TAG]",
  open: async (name, options) => openEngineImage(name, await findPodman(options.environment), options),
  write: async (name, outgoing, options) => loadEngineImage(name, await findPodman(options.environment), outgoing, options),
});
