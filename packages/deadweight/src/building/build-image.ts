import { randomBytes } from "node:crypto";
import type { Engine } from "../engine/connect-engine.ts";
import { asSize } from "../lib/integer.ts";
import { asRecord } from "../lib/parse-json.ts";
import { UserError } from "../lib/user-error.ts";
import type { Build, BuilderName, BuildStep } from "../model/build.ts";
import type { ProgressEvent } from "../model/progress.ts";
import { buildFailure } from "./build-failure.ts";
import type { BuildPlan } from "./build-plan.ts";
import type { BuildWatcher } from "./build-watcher.ts";
import { readMessages } from "../engine/read-messages.ts";
import { chooseBuilder } from "./choose-builder.ts";
import { contextArchive, type ContextCount } from "./context-archive.ts";
import { watchBuildKit } from "./watch-buildkit.ts";
import { watchLegacy } from "./watch-legacy.ts";

/** One piece of progress may hold what a step printed in a burst. */
const maxLineLength = 16 * 1024 * 1024;

/** What a build may use of the world outside. */
export interface BuildingOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (event: ProgressEvent) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** Under this name a Dockerfile is sent that is not in the context. COPY of the whole context takes it along. */
export const sentName = ".deadweight.dockerfile";

/**
 * Builds an image through the Engine API; the context is read while it is sent. Throws UserError `build-failed` that names the step, its
 * line and what it printed last. A build that is stopped leaves no container.
 */
export async function buildImage(engine: Engine, plan: BuildPlan, options: BuildingOptions): Promise<Build> {
  const builder = await chooseBuilder(engine, plan.builder);
  const { now, onProgress, signal } = options;
  const begunAt = now();
  const watcher = (builder === "buildkit" ? watchBuildKit : watchLegacy)({ now, onProgress });
  const id = randomBytes(16).toString("hex");
  const count: ContextCount = { files: 0, bytes: 0 };
  const stop = (): void => void cancel(engine, builder, id);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await follow(engine, plan, { builder, id, watcher, count, onProgress });
  } finally {
    signal.removeEventListener("abort", stop);
  }
  const imageId = watcher.imageId();
  if (imageId === undefined) {
    throw new UserError("build-failed", `${engine.place}: built ${plan.shown} and named no image`);
  }
  const steps = watcher.steps().map((step) => ({ ...step, ...lineOf(plan, step) }));
  const durationMs = now() - begunAt;
  const engineBytes = await sizeOf(engine, imageId);
  return { builder, imageId, engineBytes, steps, durationMs, contextFiles: count.files, contextBytes: count.bytes };
}

interface Following {
  readonly builder: BuilderName;
  readonly id: string;
  readonly watcher: BuildWatcher;
  readonly count: ContextCount;
  readonly onProgress: (event: ProgressEvent) => void;
}

/** Sends the context, and reads all that the engine answers. Throws UserError when it says that it failed. */
async function follow(engine: Engine, plan: BuildPlan, { builder, id, watcher, count, onProgress }: Following): Promise<void> {
  const name = plan.dockerfile ?? sentName;
  const sent = { folder: plan.context, filter: plan.filter, texts: new Map([[name, plan.text]]) };
  let broken: unknown;
  const archive = contextArchive(sent, count, (path) =>
    onProgress({ kind: "note", text: `${path}: neither a file, a folder nor a link; it is not sent` }),
  );
  archive.once("error", (error) => (broken = error));
  const told = (message: string): UserError => buildFailure(plan, watcher.failure(message));
  const answer = await engine.upload(`/build?${queryOf(plan, builder, id, name)}`, archive).catch((error: unknown) => {
    if (broken instanceof UserError) throw broken;
    // What the engine refuses at once, a Dockerfile that it can't read among it.
    throw error instanceof UserError && error.code === "engine-failed" ? told(withoutPlace(error.message, engine.place)) : error;
  });
  for await (const message of readMessages(answer, {
    place: engine.place,
    maxLineLength,
    code: "build-failed",
    failure: engine.failure,
  })) {
    watcher.take(message);
    const failed = asRecord(message["errorDetail"])?.["message"] ?? message["error"];
    if (failed !== undefined) throw told(typeof failed === "string" ? failed : JSON.stringify(failed));
  }
}

function queryOf(plan: BuildPlan, builder: BuilderName, id: string, dockerfile: string): string {
  const query = new URLSearchParams({
    version: builder === "buildkit" ? "2" : "1",
    dockerfile,
    buildargs: JSON.stringify(plan.args),
    labels: JSON.stringify(plan.labels),
    rm: "1",
    forcerm: "1",
    // The first builder takes it for a part of its cache's key.
    ...(builder === "buildkit" ? { buildid: id } : {}),
    ...(plan.network === undefined ? {} : { networkmode: plan.network }),
    ...(plan.target === undefined ? {} : { target: plan.target }),
    ...(plan.platform === undefined ? {} : { platform: plan.platform }),
    ...(plan.noCache ? { nocache: "1" } : {}),
  });
  for (const tag of plan.tags) query.append("t", tag);
  return query.toString();
}

/** The engine ends a build whose connection is closed; BuildKit may be told as well. */
async function cancel(engine: Engine, builder: BuilderName, id: string): Promise<void> {
  if (builder !== "buildkit") return;
  const signal = AbortSignal.timeout(5000);
  await engine.ask({ method: "POST", path: `/build/cancel?id=${id}`, signal }).catch(() => {});
}

function lineOf({ lineOf: find }: BuildPlan, step: BuildStep): { readonly line?: number } {
  const line = find(step);
  return line === undefined ? {} : { line };
}

async function sizeOf(engine: Engine, imageId: string): Promise<number> {
  const size = asSize(asRecord(await engine.ask({ method: "GET", path: `/images/${imageId}/json` }))?.["Size"]);
  if (size !== undefined) return size;
  throw new UserError("engine-failed", `${engine.place}: does not say how large ${imageId} is`);
}

function withoutPlace(message: string, place: string): string {
  return message.startsWith(`${place}: `) ? message.slice(place.length + 2) : message;
}
