import { type Store, defineStore } from "../contracts/store.ts";

/** Images in a registry, read and written over the OCI distribution API: `docker://host/name:tag`. */
export const dockerRegistry: Store = defineStore({
  scheme: "registry",
  summary: "an image in a registry: docker://HOST/NAME[:TAG]",
  open: async (name, options) => {
    // The HTTP client takes 30 MB: loaded when it is needed.
    const { openRegistryImage } = await import("./registry/open-registry-image.ts");
    return openRegistryImage(name, options);
  },
  write: async (name, outgoing, options) => {
    const { pushImage } = await import("./registry/push-image.ts");
    return pushImage(name, outgoing, options);
  },
});
