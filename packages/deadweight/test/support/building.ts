import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildImage } from "../../src/building/build-image.ts";
import type { BuildPlan } from "../../src/building/build-plan.ts";
import { connectEngine, type Engine } from "../../src/engine/connect-engine.ts";
import { findDocker } from "../../src/engine/find-docker.ts";
import type { Build } from "../../src/model/build.ts";
import type { ProgressEvent } from "../../src/model/progress.ts";
import { smallSystem, systemFiles } from "./e2e-system.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A folder with these files. */
export function contextWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** A plan with everything that a test does not care for. */
export function planOf(context: string, text: string, more: Partial<BuildPlan> = {}): BuildPlan {
  return {
    context,
    filter: { keeps: () => true, mayKeepBelow: () => true },
    shown: "Dockerfile",
    dockerfile: "Dockerfile",
    text,
    builder: "auto",
    network: "host",
    args: {},
    tags: [],
    labels: {},
    noCache: false,
    lineOf: () => undefined,
    ...more,
  };
}

/** Connects to this machine's engine for the time of `use`. */
export async function withEngine<T>(
  use: (engine: Engine) => Promise<T>,
  signal: AbortSignal = new AbortController().signal,
): Promise<T> {
  const engine = await connectEngine(await findDocker(process.env), { environment: process.env, signal, insecure: [] });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

/** Builds in this machine's engine. */
export async function buildWith(
  plan: BuildPlan,
  onProgress: (event: ProgressEvent) => void = () => {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Build> {
  return withEngine((engine) => buildImage(engine, plan, { signal, onProgress, now: () => performance.now() }), signal);
}

/** Tags a system of a few megabytes: a shell, what shells call, and folders. */
export async function tagSmallBase(tag: string): Promise<void> {
  const folder = contextWith({});
  for (const path of systemFiles()) {
    mkdirSync(dirname(join(folder, "root", path)), { recursive: true });
    copyFileSync(path, join(folder, "root", path));
  }
  const text = `${smallSystem}\nRUN mkdir -p /opt /srv /usr/local/share\nCMD ["/bin/sh"]\n`;
  await buildWith(planOf(folder, text, { tags: [tag] }));
}
