import type { Container, ContainerPlan, ContainerState, RunResult } from "../../contracts/runtime.ts";
import type { EngineAddress } from "../../engine/endpoint.ts";
import type { Engine } from "../../engine/connect-engine.ts";
import { asSize } from "../../lib/integer.ts";
import { asRecord } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { demultiplex, type Outputs } from "./demultiplex.ts";

/** Of each output. */
const mostOutputBytes = 4 * 1024 * 1024;
const startTimeoutMs = 2 * 60 * 1000;
const killTimeoutMs = 30_000;

/** Podman numbers processes as the container does, unless it is asked for those of the machine: podman-top(1). */
const columnsOf = { docker: "-eo%20pid", podman: "hpid" } as const;

type Fields = Readonly<Record<string, unknown>>;

/** A container that the engine has made. */
export function openContainer(engine: Engine, id: string, plan: ContainerPlan, program: EngineAddress["program"]): Container {
  const path = `/containers/${id}`;
  const state = async (): Promise<ContainerState> => stateOf(await inspect(engine, path));
  return {
    id,
    start: async () => {
      await engine.ask({ method: "POST", path: `${path}/start`, timeoutMs: startTimeoutMs });
    },
    state,
    wait: (timeoutMs) => endOf(engine, path, timeoutMs),
    staysUp: (timeoutMs) => isLate(engine, path, timeoutMs),
    exec: (command, timeoutMs) => execute(engine, path, command, timeoutMs),
    stop: async (signal, timeoutMs) => {
      const query = `?signal=${encodeURIComponent(signal)}`;
      // A container that has ended in the meantime can't be told.
      await engine.ask({ method: "POST", path: `${path}/kill${query}` }).catch(async (error: unknown) => {
        if ((await state()).isRunning) throw error;
      });
      return endOf(engine, path, timeoutMs);
    },
    address: async (port) => addressOf(await inspect(engine, path), port, plan),
    memory: async () => memoryIn(await engine.ask({ method: "GET", path: `${path}/stats?stream=false&one-shot=true` })),
    processes: async () => processesIn(await engine.ask({ method: "GET", path: `${path}/top?ps_args=${columnsOf[program]}` })),
    remove: async () => {
      await engine.ask({ method: "DELETE", path: `${path}?force=1&v=1` });
    },
  };
}

async function inspect(engine: Engine, path: string): Promise<Fields> {
  return asRecord(await engine.ask({ method: "GET", path: `${path}/json` })) ?? {};
}

function stateOf(inspected: Fields): ContainerState {
  const state = asRecord(inspected["State"]) ?? {};
  return {
    isRunning: state["Running"] === true,
    exitCode: asSize(state["ExitCode"]) ?? -1,
    outOfMemory: state["OOMKilled"] === true,
  };
}

async function endOf(engine: Engine, path: string, timeoutMs: number): Promise<RunResult> {
  const begun = performance.now();
  const timedOut = await isLate(engine, path, timeoutMs);
  const durationMs = performance.now() - begun;
  if (timedOut) await kill(engine, path);
  const { exitCode, outOfMemory } = stateOf(await inspect(engine, path));
  const ended = timedOut ? undefined : exitCode;
  return { exitCode: ended, ...(await logsOf(engine, path)), durationMs, timedOut, killed: timedOut || outOfMemory, outOfMemory };
}

/** Whether a container still runs when the time is over. */
async function isLate(engine: Engine, path: string, timeoutMs: number): Promise<boolean> {
  try {
    await engine.ask({ method: "POST", path: `${path}/wait?condition=not-running`, timeoutMs });
    return false;
  } catch (error) {
    if (error instanceof UserError && error.code === "timed-out") return true;
    throw error;
  }
}

async function kill(engine: Engine, path: string): Promise<void> {
  await engine.ask({ method: "POST", path: `${path}/kill?signal=SIGKILL` }).catch((error: unknown) => {
    // It may have ended in this moment.
    if (!(error instanceof UserError && error.code === "engine-failed")) throw error;
  });
  await engine.ask({ method: "POST", path: `${path}/wait?condition=not-running`, timeoutMs: killTimeoutMs });
}

async function logsOf(engine: Engine, path: string): Promise<Outputs> {
  return demultiplex(await engine.follow({ method: "GET", path: `${path}/logs?stdout=1&stderr=1` }), mostOutputBytes);
}

async function execute(engine: Engine, path: string, command: readonly string[], timeoutMs: number): Promise<RunResult> {
  const begun = performance.now();
  const body = { AttachStdout: true, AttachStderr: true, Tty: false, Cmd: command };
  const created = asRecord(await engine.ask({ method: "POST", path: `${path}/exec`, body }));
  const place = `/exec/${encodeURIComponent(String(created?.["Id"]))}`;
  const { timedOut, ...outputs } = await startExec(engine, place, timeoutMs);
  const durationMs = performance.now() - begun;
  const { Running: isRunning, ExitCode: code } = asRecord(await engine.ask({ method: "GET", path: `${place}/json` })) ?? {};
  const exitCode = timedOut || isRunning === true ? undefined : asSize(code);
  // 137: the signal 9, which the kernel sends for want of memory as well.
  return { exitCode, ...outputs, durationMs, timedOut, killed: exitCode === 137, outOfMemory: false };
}

async function startExec(engine: Engine, place: string, timeoutMs: number): Promise<Outputs & { readonly timedOut: boolean }> {
  let timedOut = false;
  const isOver = (error: unknown): boolean => {
    const failure = engine.failure(error);
    return (timedOut = failure instanceof UserError && failure.code === "timed-out");
  };
  try {
    const body = { Detach: false, Tty: false };
    const stream = await engine.follow({ method: "POST", path: `${place}/start`, body, timeoutMs });
    return { ...(await demultiplex(stream, mostOutputBytes, isOver)), timedOut };
  } catch (error) {
    if (!isOver(error)) throw engine.failure(error);
    return { output: Buffer.alloc(0), errors: Buffer.alloc(0), isCut: false, timedOut: true };
  }
}

/** On a private network the engine has chosen a port of the loopback; a container on the host's has its own. */
function addressOf(inspected: Fields, port: number, { network }: ContainerPlan): string | undefined {
  if (network === "none") return undefined;
  if (network === "host") return `127.0.0.1:${port}`;
  const published = asRecord(asRecord(inspected["NetworkSettings"])?.["Ports"])?.[`${port}/tcp`];
  const hostPort = Array.isArray(published) ? asRecord(published[0])?.["HostPort"] : undefined;
  return typeof hostPort === "string" && /^\d{1,5}$/.test(hostPort) ? `127.0.0.1:${hostPort}` : undefined;
}

function processesIn(answer: unknown): readonly number[] {
  const rows = asRecord(answer)?.["Processes"];
  return (Array.isArray(rows) ? rows : []).flatMap((row: unknown) => {
    const [first]: readonly unknown[] = Array.isArray(row) ? row : [];
    return typeof first === "string" && /^\d{1,10}$/.test(first.trim()) ? [Number(first)] : [];
  });
}

/** What processes have for themselves: `total_rss` of cgroups' first version, `anon` of the second. */
function memoryIn(answer: unknown): number | undefined {
  const memory = asRecord(asRecord(answer)?.["memory_stats"]);
  const stats = asRecord(memory?.["stats"]);
  return asSize(stats?.["total_rss"]) ?? asSize(stats?.["anon"]) ?? asSize(memory?.["usage"]);
}
