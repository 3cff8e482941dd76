import type { Check } from "../contracts/check.ts";
import type { Runtime, RuntimeOptions, RuntimeSession } from "../contracts/runtime.ts";
import { UserError } from "../lib/user-error.ts";
import type { Service } from "../model/config.ts";
import type { Observed } from "../model/observation.ts";
import { runtimes } from "../runtimes/index.ts";
import { readGpuProcesses, type GpuProcesses } from "./observe/gpu-processes.ts";
import { observePair } from "./observe/observe-pair.ts";
import { placeImage } from "./observe/place-image.ts";
import { type ImageOptions, type ReadImage } from "./with-facts.ts";

/** What errors say that there is nothing to run containers in, or that they can't be run as they were asked to. */
const reasons: ReadonlySet<string> = new Set(["no-engine", "port-taken"]);

/**
 * What containers of both images did, or why none was run. Nothing of the run is left in the engine. Throws UserError when the engine
 * fails half-way.
 */
export async function observe(
  before: ReadImage,
  after: ReadImage,
  service: Service,
  chosen: readonly Check[],
  options: Pick<ImageOptions, "environment" | "signal" | "insecure" | "onProgress"> & { readonly engine?: string },
): Promise<Observed | string> {
  const looking = chosen.filter(({ needs }) => needs === "runtime");
  if (looking.length === 0) return "it was not asked for";
  const onNote = (text: string): void => options.onProgress?.({ kind: "note", text });
  try {
    const { runtime, session } = await connectOne(options.engine ?? before.store.scheme, options.engine, { ...options, onNote });
    try {
      const [old, now] = [
        await placeImage(before, runtime, session, "before"),
        await placeImage(after, runtime, session, "after"),
      ];
      const danger = old.settings.danger ?? now.settings.danger;
      if (danger !== undefined) return `it is not run: ${danger}`;
      const wants = (part: Check["observes"]): boolean => looking.some(({ observes }) => observes === part);
      const sides = { before: { image: old, facts: before.facts }, after: { image: now, facts: after.facts } };
      const wanted = { imports: wants("imports"), rounds: wants("rounds"), lives: wants("rounds") || wants(undefined) };
      const gpuProcesses = (): Promise<GpuProcesses> => readGpuProcesses(options.environment);
      return await observePair({ service, session, signal: options.signal, onNote, gpuProcesses, ...sides }, wanted);
    } finally {
      await session.close();
    }
  } catch (error) {
    if (error instanceof UserError && reasons.has(error.code)) return error.message;
    throw error;
  }
}

/** The engine that is asked for; else the one that has the original, or the first that answers. Throws UserError `no-engine`. */
async function connectOne(
  first: string,
  asked: string | undefined,
  options: RuntimeOptions,
): Promise<{ readonly runtime: Runtime; readonly session: RuntimeSession }> {
  const tried = runtimes.filter(({ name }) => asked === undefined || name === asked);
  const failures: UserError[] = [];
  for (const runtime of tried.toSorted((one, other) => Number(other.name === first) - Number(one.name === first))) {
    try {
      return { runtime, session: await runtime.connect(options) };
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== "no-engine") throw error;
      failures.push(error);
    }
  }
  throw new UserError("no-engine", failures.map(({ message }) => message).join("; "));
}
