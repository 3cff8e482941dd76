import { type Store, defineStore } from "../contracts/store.ts";
import { openRegistryImage } from "./registry/open-registry-image.ts";

/** Images in a registry, read over the OCI distribution API: `docker://host/name:tag`. */
export const dockerRegistry: Store = defineStore({
  scheme: "docker",
  summary: "an image in a registry: docker://host/name:tag",
  open: (name, options) => openRegistryImage(name, options),
});
