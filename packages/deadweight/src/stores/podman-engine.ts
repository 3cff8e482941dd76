import { defineStore, type Store } from "../contracts/store.ts";
import { findPodman } from "./engine/find-podman.ts";
import { openEngineImage } from "./engine/open-engine-image.ts";

/** The images of Podman, through its service. */
export const podmanEngine: Store = defineStore({
  scheme: "podman",
  summary: "an image of Podman's service: podman:NAME[:TAG]",
  open: async (name, options) => openEngineImage(name, await findPodman(options.environment), options),
});
