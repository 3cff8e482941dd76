import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { asRecord, parseJson } from "../lib/parse-json.ts";
import { UserError } from "../lib/user-error.ts";
import { fileError } from "../lib/file-error.ts";
import { parseEndpoint, type EngineAddress, type TlsFiles } from "./endpoint.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const maxFileBytes = 1024 * 1024;

/**
 * Where the Docker command would look for its engine: DOCKER_HOST, else the context that DOCKER_CONTEXT or the configuration names,
 * else /var/run/docker.sock. Throws UserError `bad-configuration` or `unreadable`.
 */
export async function findDocker(environment: Environment): Promise<EngineAddress> {
  const host = environment["DOCKER_HOST"];
  if (host) return addressOf(host, "DOCKER_HOST", tlsFromEnvironment(environment));
  const folder = configFolder(environment);
  const context = environment["DOCKER_CONTEXT"] || (await currentContext(folder));
  if (context === undefined || context === "default") return addressOf("unix:///var/run/docker.sock", "the default", undefined);
  return contextAddress(folder, context);
}

function addressOf(text: string, from: string, tls: TlsFiles | undefined): EngineAddress {
  return { program: "docker", endpoint: parseEndpoint(text, from, tls), shown: `${text} (${from})` };
}

/** DOCKER_TLS_VERIFY asks for TLS when it is not empty, whatever it says. */
function tlsFromEnvironment(environment: Environment): TlsFiles | undefined {
  if (!environment["DOCKER_TLS_VERIFY"]) return undefined;
  return { folder: environment["DOCKER_CERT_PATH"] || configFolder(environment), verify: true };
}

function configFolder(environment: Environment): string {
  return environment["DOCKER_CONFIG"] || join(environment["HOME"] || homedir(), ".docker");
}

async function currentContext(folder: string): Promise<string | undefined> {
  const name = asRecord(await readJson(join(folder, "config.json")))?.["currentContext"];
  return typeof name === "string" && name !== "" ? name : undefined;
}

/** Layout: contexts/meta/SHA256(NAME)/meta.json, and contexts/tls/SHA256(NAME)/docker/ca.pem, cert.pem, key.pem. */
async function contextAddress(folder: string, name: string): Promise<EngineAddress> {
  const id = createHash("sha256").update(name).digest("hex");
  const from = `docker context ${JSON.stringify(name)}`;
  const meta = asRecord(await readJson(join(folder, "contexts", "meta", id, "meta.json")));
  if (meta === undefined) throw new UserError("bad-configuration", `${from}: no such context in ${folder}`, { exitCode: 2 });
  const docker = asRecord(asRecord(meta["Endpoints"])?.["docker"]);
  const host = docker?.["Host"];
  if (typeof host !== "string") throw new UserError("bad-configuration", `${from}: has no docker endpoint`, { exitCode: 2 });
  const tlsFolder = join(folder, "contexts", "tls", id, "docker");
  const hasTls = (await stat(tlsFolder).catch(() => undefined)) !== undefined;
  return addressOf(host, from, hasTls ? { folder: tlsFolder, verify: docker?.["SkipTLSVerify"] !== true } : undefined);
}

/** The value of a JSON file of the user's own; undefined when it is not there. */
async function readJson(path: string): Promise<unknown> {
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes) throw new UserError("unreadable", `${path}: ${size} bytes, more than the limit of ${maxFileBytes}`);
    return parseJson(await readFile(path), path);
  } catch (error) {
    const readable = fileError(error, path);
    if (readable instanceof UserError && readable.code === "not-found") return undefined;
    throw readable;
  }
}
