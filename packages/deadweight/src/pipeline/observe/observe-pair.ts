import type { RuntimeSession } from "../../contracts/runtime.ts";
import type { Facts } from "../../contracts/fact.ts";
import type { Service } from "../../model/config.ts";
import { latencyGrowth, memoryGrowth, startUpGrowth } from "../../model/measured-growth.ts";
import type { Answer, ImportSweep, Life, Observed, ObservedImage } from "../../model/observation.ts";
import { confinedPlan, type PlacedImage } from "./container-plan.ts";
import type { GpuProcesses } from "./gpu-processes.ts";
import { observeLife } from "./observe-life.ts";
import { whyNotStarted } from "./why-not-started.ts";
import { sweepImports } from "./sweep-imports.ts";

/** What is looked at beside the lives of the containers. */
export interface Wanted {
  readonly imports: boolean;
  readonly rounds: boolean;
  /** False when nothing but imports is looked at. */
  readonly lives: boolean;
}

/** Both images in an engine. */
export interface Pair {
  readonly service: Service;
  readonly session: RuntimeSession;
  readonly signal: AbortSignal;
  readonly before: { readonly image: PlacedImage; readonly facts: Facts };
  readonly after: { readonly image: PlacedImage; readonly facts: Facts };
  readonly onNote: (text: string) => void;
  /** What processes of this machine hold of GPUs, where it can be asked. */
  readonly gpuProcesses?: () => Promise<GpuProcesses>;
}

type Side = "before" | "after";

/**
 * Runs containers of both images under the same probes, one at a time: they may need the same port, GPU or memory, and none shall slow
 * the other down. Throws UserError when the engine fails.
 */
export async function observePair(pair: Pair, wanted: Wanted): Promise<Observed> {
  const { service } = pair;
  const lives = wanted.lives ? await functionalLives(pair) : { before: [], after: [] };
  const unmeasured = wanted.rounds ? whyUnmeasured(service, lives) : "it was not asked for";
  const rounds = unmeasured === undefined ? await measuredRounds(pair) : { before: [], after: [] };
  const side = async (of: Side): Promise<ObservedImage> => ({
    lives: lives[of],
    rounds: rounds[of],
    apart: wanted.lives ? await askApart(pair, of) : [],
    imports: await importsOf(pair, of, wanted),
  });
  const [before, after] = [await side("before"), await side("after")];
  return { service, before, after, ...(unmeasured === undefined ? {} : { unmeasured }) };
}

/** The original, the candidate, and the original again: what differs between its two lives says nothing of the candidate. */
async function functionalLives(pair: Pair): Promise<Record<Side, readonly Life[]>> {
  const first = await lifeOf(pair, "before", false);
  const after = await lifeOf(pair, "after", false);
  const hasProbes = pair.service.probes.length > 0;
  const again = hasProbes && first.failure === undefined ? [await lifeOf(pair, "before", false)] : [];
  return { before: [first, ...again], after: [after] };
}

function whyUnmeasured({ probes, ready }: Service, lives: Record<Side, readonly Life[]>): string | undefined {
  const all = [...lives.before, ...lives.after];
  const [life] = all;
  if (life === undefined) return "no container was run";
  const broken = all.find(({ failure, unready }) => failure !== undefined || unready !== undefined);
  if (broken !== undefined) return `it did not start: ${broken.failure ?? broken.unready ?? ""}`;
  if (life.readyBy === "nothing" && ready === undefined && probes.length === 0) return "no probe given";
  return life.readyBy === "nothing" ? "nothing says when it is ready" : undefined;
}

/** In turns, the order changed each time, and as long as it is not clear whether something has grown. */
async function measuredRounds(pair: Pair): Promise<Record<Side, readonly Life[]>> {
  const { rounds } = pair.service.measure;
  const measured: Record<Side, Life[]> = { before: [], after: [] };
  for (let batch = 0; batch < 3; batch++) {
    for (let round = 0; round < rounds; round++) {
      pair.onNote(`measuring: round ${batch * rounds + round + 1}`);
      const order = round % 2 === 0 ? (["before", "after"] as const) : (["after", "before"] as const);
      for (const side of order) measured[side].push(await lifeOf(pair, side, true));
    }
    if (!isUnclear(pair.service, measured)) break;
  }
  return measured;
}

function isUnclear(service: Service, { before, after }: Record<Side, readonly Life[]>): boolean {
  const growths = [
    startUpGrowth(before, after, service.measure),
    memoryGrowth(before, after, service.measure),
    ...service.probes.map(({ name }) => latencyGrowth(before, after, name, service.measure)),
  ];
  return growths.some((growth) => growth?.growth === "unclear");
}

async function lifeOf(pair: Pair, side: Side, isMeasured: boolean): Promise<Life> {
  const { service, session, signal, gpuProcesses } = pair;
  signal.throwIfAborted();
  if (!isMeasured) pair.onNote(`running ${side === "before" ? "the original" : "the candidate"}`);
  const asked = gpuProcesses === undefined ? {} : { gpuProcesses };
  return observeLife({ service, session, signal, image: pair[side].image, isMeasured, ...asked });
}

/** Probes of the image's entry point, each in a container of its own. */
async function askApart({ service, session, signal, onNote, ...sides }: Pair, side: Side): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const { name, arguments: words, timeout } of service.probes) {
    if (words === undefined) continue;
    signal.throwIfAborted();
    onNote(`running ${name} of ${side}`);
    const container = await session.create({ ...confinedPlan(service, sides[side].image.name, session), command: words });
    const why = await whyNotStarted(container);
    const ended = why === undefined ? await container.wait(timeout) : undefined;
    await container.remove();
    const failure = why ?? (ended?.timedOut === true ? `did not end within ${timeout} ms` : undefined);
    const { exitCode: code, output: body = Buffer.alloc(0), isCut = false } = ended ?? {};
    answers.push({ probe: name, ...(failure === undefined ? {} : { failure }), code, headers: {}, body, isCut });
  }
  return answers;
}

async function importsOf({ service, session, onNote, ...sides }: Pair, side: Side, wanted: Wanted): Promise<ImportSweep> {
  if (!wanted.imports) return "it was not asked for";
  onNote(`importing the Python modules of ${side}`);
  return sweepImports(sides[side].facts, { service, session, image: sides[side].image });
}
