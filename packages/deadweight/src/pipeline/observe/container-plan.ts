import type { ContainerPlan, RuntimeSession } from "../../contracts/runtime.ts";
import { UserError } from "../../lib/user-error.ts";
import type { Service } from "../../model/config.ts";
import type { ImageSettings } from "./image-settings.ts";

/** An image that the engine has, and what is known of it. */
export interface PlacedImage {
  /** Its name in the engine. */
  readonly name: string;
  readonly settings: ImageSettings;
}

/** Whether a service is asked over HTTP. */
export function isAsked({ ready, probes }: Service): boolean {
  return ready !== undefined || probes.some(({ http }) => http !== undefined);
}

/** The port that HTTP probes ask. Throws UserError, exit 2, when nothing says which. */
export function portOf(service: Service, { ports }: ImageSettings): number {
  const [only, ...more] = ports;
  if (service.port !== undefined) return service.port;
  if (only !== undefined && more.length === 0) return only;
  const why = only === undefined ? "the image exposes none" : `the image exposes ${ports.join(", ")}`;
  throw new UserError("bad-configuration", `the port that HTTP probes ask is not known: ${why}`, {
    hint: "write port: in deadweight.yaml",
    exitCode: 2,
  });
}

/** The container of a service, with its limits. Throws UserError, exit 2, where HTTP probes can't reach it. */
export function servicePlan(service: Service, { name, settings }: PlacedImage, session: RuntimeSession): ContainerPlan {
  const network = service.network ?? (isAsked(service) ? "private" : "none");
  if (network === "none" && isAsked(service)) {
    throw new UserError("bad-configuration", "HTTP probes can't reach a container without a network", {
      hint: "leave network: none out of deadweight.yaml, for a private one",
      exitCode: 2,
    });
  }
  if (isAsked(service) && !session.isLocal) {
    throw new UserError("no-engine", `the ${session.place} is on another machine, where HTTP probes can't reach its containers`);
  }
  return {
    ...confinedPlan(service, name, session),
    ...(service.entrypoint === undefined ? {} : { entrypoint: service.entrypoint }),
    ...(service.command === undefined ? {} : { command: service.command }),
    network,
    ports: isAsked(service) ? [portOf(service, settings)] : [],
  };
}

/** A container with the limits of a service and without a network. */
export function confinedPlan(service: Service, image: string, session: RuntimeSession): ContainerPlan {
  const { environment, mounts, capabilities, pids, readOnly, gpus } = service;
  // What is left is the engine's own, and that of this process.
  const memoryBytes = service.memory ?? Math.floor(session.memoryBytes * 0.75);
  const asked = gpus === undefined ? {} : { gpus };
  return { image, environment, mounts, capabilities, memoryBytes, pids, readOnly, network: "none", ports: [], ...asked };
}
