import { execFile, execFileSync, spawn } from "node:child_process";
import { request } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { temporaryFolder } from "./temporary-folder.ts";

const execute = promisify(execFile);
const mostOutputBytes = 64 * 1024 * 1024;

/** What a program printed. The test process goes on meanwhile, so that its own servers answer. Throws when it failed. */
export async function output(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC", ...environment };
  const { stdout } = await execute(program, [...args], { env, maxBuffer: mostOutputBytes });
  return stdout;
}

/** What `docker` printed. */
export async function docker(...args: string[]): Promise<string> {
  return output("docker", args);
}

/** Who reads a Dockerfile: the engine's first builder, or BuildKit. */
export type Builder = "legacy" | "buildkit";

/** Builds `folder` with its Dockerfile as an image. Steps have the host's network: an engine may have no bridge. */
export async function build(builder: Builder, folder: string, tag: string): Promise<void> {
  if (builder === "buildkit") return buildWithBuildKit(folder, tag);
  await output("docker", ["build", "--quiet", "--network", "host", "--tag", tag, folder], { DOCKER_BUILDKIT: "0" });
}

/** By the Engine API, `POST /build?version=2`: since version 23 the command needs a plugin for BuildKit that may not be there. */
async function buildWithBuildKit(folder: string, tag: string): Promise<void> {
  const query = new URLSearchParams({ version: "2", networkmode: "host", t: tag });
  const context = execFileSync("tar", ["--create", "--directory", folder, "."], { maxBuffer: mostOutputBytes });
  const answer = await post(`/build?${query.toString()}`, context);
  const error = answer.split("\n").find((line) => line.includes('"error"'));
  if (error !== undefined || !answer.includes("moby.image.id")) throw new Error(`BuildKit: ${error ?? answer.slice(-500)}`);
}

async function post(path: string, body: Uint8Array): Promise<string> {
  const endpoint = new URL((await docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")).trim());
  const where =
    endpoint.protocol === "unix:"
      ? { socketPath: endpoint.pathname }
      : { host: endpoint.hostname, port: Number(endpoint.port || 2375) };
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/x-tar", "content-length": body.length };
    const asked = request({ ...where, method: "POST", path, headers }, (response) => {
      buffer(response).then((bytes) => resolve(bytes.toString()), reject);
    });
    asked.on("error", reject).end(body);
  });
}

/** What a container of the image would see, as the engine itself stacks the layers: an archive in a new file. */
export async function exported(image: string): Promise<string> {
  const container = (await docker("create", "--network", "none", image, "/-")).trim();
  const file = join(temporaryFolder(), "export.tar");
  try {
    await docker("export", "--output", file, container);
  } finally {
    await docker("rm", "--volumes", container);
  }
  return file;
}

/** Loads an archive of images. */
export async function load(archive: Uint8Array): Promise<void> {
  const child = spawn("docker", ["load", "--quiet"], { stdio: ["pipe", "ignore", "pipe"] });
  const complaint = buffer(child.stderr);
  const ended = new Promise<number | null>((resolve, reject) => child.on("exit", resolve).on("error", reject));
  child.stdin.on("error", () => {}).end(archive);
  if ((await ended) !== 0) throw new Error(`docker load: ${(await complaint).toString()}`);
}
