import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Pool } from "undici";
import type { OpenOptions } from "../contracts/store.ts";
import { UserError } from "../lib/user-error.ts";
import { fileError } from "../lib/file-error.ts";
import { isLoopback } from "../lib/is-loopback.ts";
import { dialSsh } from "./dial-ssh.ts";
import type { EngineAddress, TlsFiles } from "./endpoint.ts";

/** So long an engine may send nothing in the middle of an answer. */
const silenceTimeoutMs = 2 * 60 * 1000;

/** Connections to an engine, opened when they are needed. Throws UserError `no-engine` for an address that is not safe to use. */
export async function createPool(
  { program, endpoint }: EngineAddress,
  place: string,
  options: Pick<OpenOptions, "environment" | "insecure">,
): Promise<Pool> {
  // The HTTP client takes 30 MB: loaded when it is needed.
  const { Pool } = await import("undici");
  const common = { connections: 4, bodyTimeout: silenceTimeoutMs };
  if (endpoint.kind === "socket") return new Pool("http://localhost", { ...common, connect: { socketPath: endpoint.path } });
  if (endpoint.kind === "ssh") {
    const target = { ...endpoint, place, program, environment: options.environment };
    const connect: NonNullable<Pool.Options["connect"]> = (_, callback) => {
      // undici uses nothing of a socket but what a Duplex has, and is not ready for an answer while it asks.
      const stream = dialSsh(target) as unknown as Socket;
      queueMicrotask(() => callback(null, stream));
    };
    return new Pool("http://localhost", { ...common, connect });
  }
  const { host, port, tls } = endpoint;
  if (tls !== undefined) return new Pool(`https://${host}:${port}`, { ...common, connect: await tlsOptions(tls, place) });
  const { insecure } = options;
  const isAllowed = insecure === true || insecure.includes(host) || insecure.includes(`${host}:${port}`);
  if (!isLoopback(host) && !isAllowed) {
    throw new UserError("no-engine", `${place}: without TLS whoever is on the network could read and change what it sends`, {
      hint: `set DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, use ssh://, or allow it with --insecure ${host}`,
    });
  }
  return new Pool(`http://${host}:${port}`, common);
}

async function tlsOptions(tls: TlsFiles, place: string): Promise<Record<string, unknown>> {
  const read = async (name: string): Promise<Uint8Array | undefined> =>
    tls.folder === "" ? undefined : readIfThere(join(tls.folder, name), place);
  const [ca, cert, key] = await Promise.all([read("ca.pem"), read("cert.pem"), read("key.pem")]);
  return { ca, cert, key, rejectUnauthorized: tls.verify };
}

async function readIfThere(path: string, place: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    const readable = fileError(error, `${place}: ${path}`);
    if (readable instanceof UserError && readable.code === "not-found") return undefined;
    throw readable;
  }
}
