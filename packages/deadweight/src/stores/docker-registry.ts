import { type Store, defineStore } from "../contracts/store.ts";
import { openRegistryImage } from "./registry/open-registry-image.ts";

/** Images in a registry, read over the OCI distribution API: `docker://host/name:tag`. */
export const dockerRegistry: Store = defineStore({
  scheme: "registry",
  summary: "an image in a registry: docker://HOST/NAME[:TAG]",
  open: (name, options) => openRegistryImage(name, options),
});
