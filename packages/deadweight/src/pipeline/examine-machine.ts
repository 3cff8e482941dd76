import { readdir, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../lib/cache-folder.ts";
import { UserError } from "../lib/user-error.ts";
import { connectEngine } from "../engine/connect-engine.ts";
import type { EngineAddress } from "../engine/endpoint.ts";
import { findDocker } from "../engine/find-docker.ts";
import { findPodman } from "../engine/find-podman.ts";
import { credentialFiles } from "../stores/registry/find-credentials.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What was found on this machine that an analysis uses. Holds no secrets. */
export interface MachineExamination {
  /** What each engine says, in words: where it answers, or why it does not. */
  readonly engines: readonly { readonly program: "docker" | "podman"; readonly state: string }[];
  /** Bytes are absent where there is no cache yet. */
  readonly cache: { readonly folder: string; readonly bytes?: number };
  readonly temporary: { readonly folder: string; readonly freeBytes?: number };
  /** Files with logins for registries that are there. */
  readonly loginFiles: readonly string[];
}

export interface ExamineOptions {
  readonly environment: Environment;
  readonly signal: AbortSignal;
  readonly temporaryFolder?: string;
}

/** Looks for engines, the cache, free space and files with logins. What is not there is part of the answer, not an error. */
export async function examineMachine(options: ExamineOptions): Promise<MachineExamination> {
  const { environment, temporaryFolder = tmpdir() } = options;
  const folder = cacheFolder(environment);
  const [docker, podman, bytes, space, files] = await Promise.all([
    engineState(findDocker, options),
    engineState(findPodman, options),
    folderBytes(folder),
    statfs(temporaryFolder).catch(() => undefined),
    Promise.all(credentialFiles(environment).map(async (path) => ((await exists(path)) ? [path] : []))),
  ]);
  return {
    engines: [
      { program: "docker", state: docker },
      { program: "podman", state: podman },
    ],
    cache: { folder, ...(bytes === undefined ? {} : { bytes }) },
    temporary: { folder: temporaryFolder, ...(space === undefined ? {} : { freeBytes: space.bavail * space.bsize }) },
    loginFiles: files.flat(),
  };
}

async function engineState(
  find: (environment: Environment) => Promise<EngineAddress>,
  { environment, signal }: ExamineOptions,
): Promise<string> {
  try {
    const engine = await connectEngine(await find(environment), { environment, signal, insecure: [] });
    await engine.close();
    return `${engine.place}: answers`;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

/** Sizes of the files right in a folder. */
async function folderBytes(folder: string): Promise<number | undefined> {
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return undefined;
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
