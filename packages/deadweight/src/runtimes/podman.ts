import { defineRuntime, type Runtime } from "../contracts/runtime.ts";
import { findPodman } from "../engine/find-podman.ts";
import { openSession } from "./engine/open-session.ts";

/** Podman, through its service. */
export const podman: Runtime = defineRuntime({
  name: "podman",
  summary: "Podman's service: CONTAINER_HOST, or the user's or machine's socket",
  connect: async (options) => openSession(await findPodman(options.environment), options),
});
