import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { asRecord } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { askCredentialHelper } from "./ask-credential-helper.ts";
import type { CredentialSearch, Credentials } from "./credentials.ts";
import type { RegistryReference } from "./parse-reference.ts";
import { parseSecretJson } from "./parse-secret-json.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * The login for a repository, from the files of podman and Docker: `REGISTRY_AUTH_FILE` alone when it is set. In each file the helper
 * named for the host is asked, then the helper for all, then `auths` is read. Throws UserError `configuration`, never with a secret in it.
 */
export async function findCredentials(reference: RegistryReference, search: CredentialSearch): Promise<Credentials | undefined> {
  for (const path of credentialFiles(search.environment)) {
    const config = await readConfig(path, path === search.environment["REGISTRY_AUTH_FILE"]);
    const found = config && (await credentialsIn(config, path, reference, search));
    if (found) return found;
  }
  return undefined;
}

/** Files that may hold logins for registries, the first to be asked first: containers-auth.json(5) and `docker login`. */
export function credentialFiles(environment: CredentialSearch["environment"]): readonly string[] {
  const { REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, DOCKER_CONFIG } = environment;
  if (REGISTRY_AUTH_FILE) return [REGISTRY_AUTH_FILE];
  const home = environment["HOME"] || environment["USERPROFILE"];
  const configHome = XDG_CONFIG_HOME || (home && join(home, ".config"));
  const docker = DOCKER_CONFIG || (home && join(home, ".docker"));
  const containers = [XDG_RUNTIME_DIR, configHome].flatMap((folder) => (folder ? [join(folder, "containers", "auth.json")] : []));
  return docker ? [...containers, join(docker, "config.json")] : containers;
}

async function readConfig(path: string, mustExist: boolean): Promise<Json | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (!mustExist && (code === "ENOENT" || code === "ENOTDIR")) return undefined;
    throw new UserError("configuration", `${path}: cannot be read: ${code}`, { exitCode: 2 });
  }
  const config = parseSecretJson(text);
  if (config) return config;
  throw new UserError("configuration", `${path}: is not a JSON object`, { exitCode: 2 });
}

async function credentialsIn(
  config: Json,
  path: string,
  reference: RegistryReference,
  search: CredentialSearch,
): Promise<Credentials | undefined> {
  const helpers = [entryFor(config["credHelpers"], reference), config["credsStore"]];
  for (const helper of helpers) {
    const found =
      typeof helper === "string" && helper !== "" && (await askCredentialHelper(helper, serverName(reference), path, search));
    if (found) return found;
  }
  const entry = asRecord(entryFor(config["auths"], reference));
  return entry && credentialsOf(entry, path, reference.registry);
}

/** The entry of the most specific key: `host/folder/name`, `host/folder`, `host`; also as Docker writes it, a URL. */
function entryFor(table: unknown, { registry, repository }: RegistryReference): unknown {
  const entries = new Map(Object.entries(asRecord(table) ?? {}).map(([key, value]) => [hostAndPath(key), value]));
  const path = [registry, ...repository.split("/")];
  for (let length = path.length; length > 0; length--) {
    const found = entries.get(path.slice(0, length).join("/"));
    if (found !== undefined) return found;
  }
  return undefined;
}

function hostAndPath(key: string): string {
  const name = key.replace(/^https?:\/\//, "").replace(/\/(?:v[12]\/?)?$/, "");
  return name.replace(/^(?:index|registry-1)\.docker\.io/, "docker.io");
}

/** Docker files its own hub under the address that version 1 had. */
function serverName({ registry }: RegistryReference): string {
  return registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
}

function credentialsOf(entry: Json, path: string, registry: string): Credentials | undefined {
  const { identitytoken, auth, username, password } = entry;
  if (typeof identitytoken === "string" && identitytoken !== "") return { kind: "identity-token", token: identitytoken };
  if (typeof auth === "string" && auth !== "") return decodeAuth(auth, path, registry);
  if (typeof username !== "string" || typeof password !== "string" || username === "") return undefined;
  return { kind: "password", username, password };
}

function decodeAuth(auth: string, path: string, registry: string): Credentials {
  const text = /^[A-Za-z0-9+/_-]+={0,2}$/.test(auth.trim()) ? Buffer.from(auth, "base64").toString("utf8") : "";
  const colon = text.indexOf(":");
  if (colon < 1)
    throw new UserError("configuration", `${path}: the auth of ${registry} is not base64 of user:password`, { exitCode: 2 });
  return { kind: "password", username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
}
