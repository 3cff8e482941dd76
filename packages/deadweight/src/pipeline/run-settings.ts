import { didYouMean } from "../lib/did-you-mean.ts";
import { UserError } from "../lib/user-error.ts";
import type { Service } from "../model/config.ts";
import { loadConfig } from "./load-config.ts";

/** Which service of which file is meant. */
export interface ServiceChoice {
  readonly config?: string;
  readonly service?: string;
}

/** A service of a configuration file: the one that is named, or its only one; without a file, one that is only started. Throws UserError. */
export async function runSettings(choice: ServiceChoice): Promise<Service> {
  return (await chooseService(choice)).service;
}

/** The same with its name; without a file it has none. Throws UserError. */
export async function chooseService({
  config,
  service: name,
}: ServiceChoice): Promise<{ readonly name?: string; readonly service: Service }> {
  if (config === undefined) {
    if (name === undefined) return { service: await bareService() };
    throw new UserError("usage", `service ${name}: no configuration names it`, { hint: "give --config FILE", exitCode: 2 });
  }
  const { services } = await loadConfig(config);
  const names = Object.keys(services);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  const service = chosen === undefined || !Object.hasOwn(services, chosen) ? undefined : services[chosen];
  if (chosen !== undefined && service !== undefined) return { name: chosen, service };
  const why = name === undefined ? `it has ${names.length} services` : `it has no service ${name}`;
  const hint = name === undefined ? `say which with --service: ${names.join(", ")}` : didYouMean(name, names);
  throw new UserError("usage", `${config}: ${why}`, { hint, exitCode: 2 });
}

/** As a configuration without a key would have it. */
async function bareService(): Promise<Service> {
  const { configSchema } = await import("../model/config-schema.ts");
  const { services } = configSchema.parse({ services: { image: {} } });
  const { image } = services;
  if (image === undefined) throw new Error("a service without a key is none");
  return image;
}
