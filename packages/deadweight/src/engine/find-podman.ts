import { stat } from "node:fs/promises";
import { join } from "node:path";
import { parseEndpoint, type EngineAddress } from "./endpoint.ts";

/** Where Podman's service listens: CONTAINER_HOST, else the user's own socket, else the machine's. Throws UserError `bad-configuration`. */
export async function findPodman(environment: Readonly<Record<string, string | undefined>>): Promise<EngineAddress> {
  const host = environment["CONTAINER_HOST"];
  if (host) return addressOf(host, "CONTAINER_HOST");
  const runtime = environment["XDG_RUNTIME_DIR"];
  const own = runtime ? join(runtime, "podman", "podman.sock") : undefined;
  const isThere = own !== undefined && (await stat(own).catch(() => undefined)) !== undefined;
  return isThere ? addressOf(`unix://${own}`, "XDG_RUNTIME_DIR") : addressOf("unix:///run/podman/podman.sock", "the default");
}

function addressOf(text: string, from: string): EngineAddress {
  return { program: "podman", endpoint: parseEndpoint(text, from, undefined), shown: `${text} (${from})` };
}
