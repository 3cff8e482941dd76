import { printDuration } from "../lib/duration.ts";
import { asRecord } from "../lib/parse-json.ts";
import type { BuildStep } from "../model/build.ts";
import { type BuildWatcher, mostSteps, toldLines, type WatcherOptions } from "./build-watcher.ts";
import { OutputTail } from "./output-tail.ts";
import { parseTrace, type TracedStep } from "./trace.ts";

interface Seen {
  step: TracedStep;
  readonly output: OutputTail;
  isTold: "no" | "begun" | "ended";
}

/** BuildKit's messages: `moby.buildkit.trace` with progress in protocol buffers, `moby.image.id` with the result. */
export function watchBuildKit({ onProgress }: WatcherOptions): BuildWatcher {
  const seen = new Map<string, Seen>();
  let image: string | undefined;
  const take = (step: TracedStep): void => {
    const known = seen.get(step.digest);
    if (known === undefined && seen.size >= mostSteps) return;
    const one = known ?? { step, output: new OutputTail(), isTold: "no" };
    // The time of looking into the cache is told first, then that of the work.
    one.step = { ...step, isCached: step.isCached || one.step.isCached };
    seen.set(step.digest, one);
    if (step.endedMs !== undefined && step.error === undefined) one.output.clear();
    tell(one, onProgress);
  };
  return {
    take: ({ id, aux }) => {
      if (id === "moby.image.id") image = idIn(aux) ?? image;
      if (id !== "moby.buildkit.trace" || typeof aux !== "string") return;
      const trace = parseTrace(Buffer.from(aux, "base64"));
      trace?.steps.forEach(take);
      for (const { digest, bytes } of trace?.outputs ?? []) seen.get(digest)?.output.add(bytes);
    },
    imageId: () => image,
    steps: () => inOrder([...seen.values()].flatMap(({ step }) => (isInstruction(step) ? stepOf(step) : []))),
    failure: (message) => {
      const failed = [...seen.values()].findLast(({ step: { error } }) => error !== undefined && !/context canceled/.test(error));
      if (failed === undefined) return { message, output: [] };
      const step = isInstruction(failed.step) ? { step: stepOf(failed.step) } : {};
      return { message: failed.step.error ?? message, ...step, output: failed.output.lines(toldLines) };
    },
  };
}

function idIn(aux: unknown): string | undefined {
  const id = asRecord(aux)?.["ID"];
  return typeof id === "string" && /^sha256:[0-9a-f]{64}$/.test(id) ? id : undefined;
}

/** `[internal] load metadata for …` and `exporting to image` are no instructions. */
function isInstruction({ name }: TracedStep): boolean {
  return /^\[(?!internal\])[^\]]+\] /.test(name);
}

/** Stages as they are first told of, each in the order of its instructions: of what is cached, FROM may be told last. */
function inOrder(steps: readonly BuildStep[]): readonly BuildStep[] {
  const stages = Map.groupBy(steps, ({ place }) => place.replace(/\d+\/\d+$/, ""));
  const number = ({ place }: BuildStep): number => Number(/(\d+)\/\d+$/.exec(place)?.[1] ?? 0);
  return [...stages.values()].flatMap((stage) => stage.sort((one, other) => number(one) - number(other)));
}

function stepOf({ name, isCached, startedMs, endedMs }: TracedStep): BuildStep {
  const [, place = "", text = ""] = /^\[([^\]]+)\] (.*)$/s.exec(name) ?? [];
  const durationMs = startedMs === undefined || endedMs === undefined ? undefined : Math.max(0, endedMs - startedMs);
  return {
    text: text.replace(/\s+/g, " ").trim(),
    place: place.replace(/\s+/g, " "),
    isCached,
    ...(durationMs === undefined ? {} : { durationMs }),
  };
}

function tell(one: Seen, onProgress: WatcherOptions["onProgress"]): void {
  const { digest, name, startedMs, endedMs, isCached } = one.step;
  if (startedMs !== undefined && one.isTold === "no") {
    onProgress({ kind: "start", id: digest, label: name.replace(/\s+/g, " ").slice(0, 200) });
    one.isTold = "begun";
  }
  if (endedMs === undefined || one.isTold !== "begun") return;
  const detail = isCached ? "from the cache" : printDuration(Math.max(0, endedMs - (startedMs ?? endedMs)));
  onProgress({ kind: "end", id: digest, detail });
  one.isTold = "ended";
}
