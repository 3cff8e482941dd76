import { connect } from "node:net";

import type { Container, ContainerPlan, RuntimeSession } from "../../contracts/runtime.ts";
import { UserError } from "../../lib/user-error.ts";
import { whatEngineSays, whyNotStarted } from "./why-not-started.ts";
import type { Probe, Service } from "../../model/config.ts";
import type { Answer, Life, Shutdown } from "../../model/observation.ts";
import { createHttpClient, type HttpClient } from "./ask-http.ts";
import { awaitReady, readinessOf } from "./await-ready.ts";
import { type PlacedImage, portOf, servicePlan, isAsked } from "./container-plan.ts";
import type { GpuProcesses } from "./gpu-processes.ts";
import { watchGpuMemory, type GpuMemoryWatch } from "./watch-gpu-memory.ts";
import { watchMemory } from "./watch-memory.ts";

/** What is done with a container in its life. */
export interface LifeTask {
  readonly service: Service;
  readonly image: PlacedImage;
  readonly session: RuntimeSession;
  readonly signal: AbortSignal;
  /** Whether requests are made to be measured; such a life is not asked to stop. */
  readonly isMeasured: boolean;
  /** What processes of this machine hold of GPUs. */
  readonly gpuProcesses?: () => Promise<GpuProcesses>;
}

/** Each probe is asked so often in a life: what counts up shows. */
const timesAsked = 2;
/** A stop or a kill that came to an end without it. */
const endTimeoutMs = 10_000;

/** Starts a container, waits until it is ready, asks its probes, and takes it away. Throws UserError when the engine fails. */
export async function observeLife(task: LifeTask): Promise<Life> {
  const plan = servicePlan(task.service, task.image, task.session);
  await checkPorts(plan);
  const container = await task.session.create(plan).catch(whatEngineSays);
  if (typeof container === "string") return deadLife(container);
  try {
    const begun = performance.now();
    const failure = await whyNotStarted(container);
    return failure === undefined ? await liveOn(container, begun, task) : deadLife(failure);
  } finally {
    // After a stop the session takes it away.
    if (!task.signal.aborted) await container.remove();
  }
}

async function liveOn(container: Container, begun: number, task: LifeTask): Promise<Life> {
  const { service, image, signal } = task;
  const address = isAsked(service) ? await container.address(portOf(service, image.settings)) : undefined;
  const http = address === undefined ? undefined : await createHttpClient(address, signal);
  const memory = watchMemory(container, signal);
  const gpuMemory = gpuWatch(container, task);
  try {
    const readiness = readinessOf(service, image.settings, container, http);
    const unready = await awaitReady(readiness, container, service.startTimeout, signal);
    const isTimed = readiness.by !== "nothing" && unready === undefined;
    const readyMs = isTimed ? performance.now() - begun : undefined;
    // With nothing to ask, it has started when it has not ended.
    if (readiness.by === "nothing") await container.staysUp(service.staysUp);
    const answers = unready === undefined ? await askAll(container, http, task) : [];
    const latencies = task.isMeasured && unready === undefined ? await measureRequests(http, service) : {};
    const memoryBytes = await memory.end();
    const gpuBytes = await gpuMemory?.end();
    const asked = {
      readyBy: readiness.by,
      readyMs,
      ...(unready === undefined ? {} : { unready }),
      answers,
      latencies,
      memoryBytes,
      ...(gpuBytes === undefined ? {} : { gpuMemory: gpuBytes }),
    };
    return { ...asked, ...(await endLife(container, task)) };
  } finally {
    await memory.end();
    await gpuMemory?.end();
    await http?.close();
  }
}

/** Only where it is measured, and the container has a GPU, the driver is asked. */
function gpuWatch(
  container: Container,
  { isMeasured, service, session, gpuProcesses, signal }: LifeTask,
): GpuMemoryWatch | undefined {
  if (!isMeasured || service.gpus === undefined || gpuProcesses === undefined) return undefined;
  const elsewhere = `the ${session.place} is on another machine, whose GPUs can't be asked`;
  return watchGpuMemory(container, session.isLocal ? gpuProcesses : () => Promise.resolve(elsewhere), signal);
}

/** A measured life just ends: what it does when it is told to has been seen before. */
async function endLife(
  container: Container,
  { isMeasured, service, image }: LifeTask,
): Promise<Pick<Life, "ended" | "output" | "errors" | "shutdown">> {
  const state = await container.state();
  if (isMeasured) return { ...(state.isRunning ? {} : { ended: state }), output: "", errors: "" };
  const signal = image.settings.stopSignal;
  const result = state.isRunning ? await container.stop(signal, service.stopTimeout) : await container.wait(endTimeoutMs);
  const { exitCode, durationMs, timedOut } = result;
  const shutdown: Shutdown = { signal, exitCode, durationMs, timedOut };
  const [output, errors] = [result.output, result.errors].map((bytes) => Buffer.from(bytes).toString());
  return {
    output: output ?? "",
    errors: errors ?? "",
    ...(state.isRunning ? { shutdown } : { ended: { exitCode: state.exitCode, outOfMemory: state.outOfMemory } }),
  };
}

async function askAll(
  container: Container,
  http: HttpClient | undefined,
  { service, signal }: LifeTask,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let time = 0; time < timesAsked; time++) {
    for (const probe of service.probes) {
      signal.throwIfAborted();
      const { name, http: request, command, timeout } = probe;
      if (request !== undefined && http !== undefined) answers.push(await http.ask(name, request, timeout));
      else if (command !== undefined && time === 0) answers.push(await askCommand(container, probe, command));
    }
  }
  return answers;
}

async function askCommand(container: Container, { name, timeout }: Probe, command: readonly string[]): Promise<Answer> {
  const none = { probe: name, code: undefined, headers: {}, body: Buffer.alloc(0), isCut: false };
  if (!(await container.state()).isRunning) return { ...none, failure: "the container has ended" };
  const { exitCode, output, timedOut, isCut } = await container.exec(command, timeout);
  if (timedOut) return { ...none, failure: `did not end within ${timeout} ms` };
  return { ...none, code: exitCode, body: output, isCut };
}

/** Requests one after the other, those of each probe together. A failure has no latency; that it failed, the recorded answers tell. */
async function measureRequests(http: HttpClient | undefined, { probes, measure }: Service): Promise<Life["latencies"]> {
  const measured: Record<string, number[]> = {};
  for (const { name, http: request, timeout } of probes) {
    if (request === undefined || http === undefined) continue;
    const times: number[] = [];
    for (let count = 0; count < measure.warmUp + measure.requests; count++) {
      const begun = performance.now();
      const { failure } = await http.ask(name, request, timeout);
      if (count >= measure.warmUp && failure === undefined) times.push(performance.now() - begun);
    }
    measured[name] = times;
  }
  return measured;
}

/** On the network of the machine another program may have the port, and would answer in the container's place. */
async function checkPorts({ network, ports }: ContainerPlan): Promise<void> {
  if (network !== "host") return;
  for (const port of ports) {
    if (!(await isTaken(port))) continue;
    throw new UserError("port-taken", `port ${port} of this machine: another program listens there`, {
      hint: "end it, or give the service another port",
    });
  }
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });
}

function deadLife(failure: string): Life {
  const nothing = { readyMs: undefined, answers: [], latencies: {}, memoryBytes: undefined, output: "", errors: "" };
  return { failure, readyBy: "nothing", ...nothing };
}
