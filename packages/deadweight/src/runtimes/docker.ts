import { defineRuntime, type Runtime } from "../contracts/runtime.ts";
import { findDocker } from "../engine/find-docker.ts";
import { openSession } from "./engine/open-session.ts";

/** The Docker engine that the `docker` command would speak to. */
export const docker: Runtime = defineRuntime({
  name: "docker",
  summary: "the Docker engine: DOCKER_HOST, the context, or the default socket",
  connect: async (options) => openSession(await findDocker(options.environment), options),
});
