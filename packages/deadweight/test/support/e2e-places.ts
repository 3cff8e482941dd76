import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { analyze, type Report } from "../../src/index.ts";
import { docker, output } from "./engine.ts";
import { dockerConfig, htpasswdAuth, startRealRegistry, type RealRegistry } from "./registry.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** One image in one place, with what the place itself says of its layers. */
export interface Place {
  readonly name: string;
  readonly reference: string;
  /** Sizes of the blobs, lowest layer first, by the manifest; undefined where there is none. */
  readonly blobBytes: readonly number[] | undefined;
}

/** The same image in every kind of store. */
export interface Places {
  readonly all: readonly Place[];
  /** The uncompressed layers in files, lowest first. */
  readonly layers: readonly string[];
  /** Frees the disk. */
  readonly remove: () => void;
}

const user = "tester";
const password = "correct-horse";

/** Debian's registry with a login, and the environment in which deadweight finds it. */
export interface LockedRegistry {
  readonly registry: RealRegistry;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Starts a registry that wants a password, which is in a `config.json`. */
export async function startLockedRegistry(): Promise<LockedRegistry> {
  const registry = await startRealRegistry(htpasswdAuth(user, password));
  const auth = Buffer.from(`${user}:${password}`).toString("base64");
  const folder = dockerConfig({ auths: { [registry.host]: { auth } } });
  return { registry, environment: { ...process.env, DOCKER_CONFIG: folder } };
}

/** Copies an image of the engine to all places: saved by docker, converted and pushed by skopeo. */
export async function spread(image: string, { registry }: LockedRegistry): Promise<Places> {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  const remote = `docker://${registry.host}/e2e/${image}:1`;
  await docker("save", "--output", at("saved.tar"), image);
  // The lowest level is the quickest.
  const quick = ["--dest-compress-level", "1", "--dest-compress-format"];
  await skopeo([...quick, "gzip"], `docker-archive:${at("saved.tar")}`, `oci:${at("gzip")}:e2e`);
  await skopeo([...quick, "zstd"], `docker-archive:${at("saved.tar")}`, `oci:${at("zstd")}:e2e`);
  await skopeo(["--preserve-digests"], `oci:${at("gzip")}:e2e`, `oci-archive:${at("layout.tar")}:e2e`);
  const login = ["--dest-creds", `${user}:${password}`, "--dest-tls-verify=false"];
  await skopeo(["--preserve-digests", ...login], `oci:${at("gzip")}:e2e`, remote);
  const gzip = blobSizes(at("gzip"));
  const all: readonly Place[] = [
    { name: "docker", reference: `docker:${image}`, blobBytes: undefined },
    { name: "docker-archive", reference: `docker-archive:${at("saved.tar")}`, blobBytes: undefined },
    { name: "oci, gzip", reference: `oci:${at("gzip")}:e2e`, blobBytes: gzip },
    { name: "oci, zstd", reference: `oci:${at("zstd")}:e2e`, blobBytes: blobSizes(at("zstd")) },
    { name: "oci-archive", reference: `oci-archive:${at("layout.tar")}:e2e`, blobBytes: gzip },
    { name: "registry", reference: remote, blobBytes: await remoteSizes(remote) },
  ];
  const remove = (): void => rmSync(folder, { recursive: true });
  return { all, layers: await unpack(at("saved.tar"), at("saved")), remove };
}

async function skopeo(options: readonly string[], from: string, to: string): Promise<void> {
  await output("skopeo", ["--insecure-policy", "copy", "--quiet", ...options, from, to]);
}

interface Manifest {
  readonly layers: readonly { readonly size: number }[];
}

/** What the manifest says, after a look at the files: a layout with other sizes would prove nothing. */
function blobSizes(folder: string): readonly number[] {
  const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as { manifests: readonly { digest: string }[] };
  const blob = (digest: string): string => join(folder, "blobs", ...digest.split(":"));
  const manifest = JSON.parse(readFileSync(blob(index.manifests[0]?.digest ?? ""), "utf8")) as Manifest;
  const sizes = new Set(readdirSync(join(folder, "blobs/sha256")).map((name) => statSync(blob(`sha256:${name}`)).size));
  const wrong = manifest.layers.filter(({ size }) => !sizes.has(size));
  if (wrong.length > 0) throw new Error(`${folder}: no blob of ${wrong[0]?.size} bytes`);
  return manifest.layers.map(({ size }) => size);
}

async function remoteSizes(reference: string): Promise<readonly number[]> {
  const login = ["--creds", `${user}:${password}`, "--tls-verify=false"];
  const manifest = JSON.parse(await output("skopeo", ["inspect", "--raw", ...login, reference])) as Manifest;
  return manifest.layers.map(({ size }) => size);
}

/** Unpacks what `docker save` wrote, in the old form or the new one: its `manifest.json` names the layers. */
async function unpack(archive: string, folder: string): Promise<readonly string[]> {
  mkdirSync(folder);
  await output("tar", ["--extract", "--file", archive, "--directory", folder]);
  const [image] = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as { Layers: readonly string[] }[];
  return (image?.Layers ?? []).map((layer) => join(folder, layer));
}

/**
 * Weighs an image as the command line would. With a cache folder, what an earlier image in the same place had is not read again:
 * each store reads every layer once.
 */
export async function weigh(
  reference: string,
  environment: LockedRegistry["environment"],
  { base, cache }: { readonly base?: string; readonly cache?: string } = {},
): Promise<Report> {
  const options = { signal: new AbortController().signal, insecure: [], cache: cache !== undefined };
  const cached = cache === undefined ? environment : { ...environment, XDG_CACHE_HOME: cache };
  return analyze(reference, { ...options, environment: cached, ...(base === undefined ? {} : { base }) });
}
