import { randomBytes } from "node:crypto";
import type { Container, ContainerPlan, RuntimeOptions, RuntimeSession } from "../../contracts/runtime.ts";
import { connectEngine, type Engine } from "../../engine/connect-engine.ts";
import type { EngineAddress } from "../../engine/endpoint.ts";
import { thisOwner } from "../../lib/aside-owner.ts";
import { isLoopback } from "../../lib/is-loopback.ts";
import { asSize } from "../../lib/integer.ts";
import { asRecord } from "../../lib/parse-json.ts";
import { UserError } from "../../lib/user-error.ts";
import { containerConfig, runLabel } from "./container-config.ts";
import { openContainer } from "./open-container.ts";
import { imagePrefix, removeLeftovers, removeRun } from "./leftovers.ts";

/** Creating a container mounts its layers, on a slow disk for long. */
const createTimeoutMs = 5 * 60 * 1000;

/** Connects to an engine, takes away what killed runs have left in it, and gives what makes containers. Throws UserError. */
export async function openSession(address: EngineAddress, options: RuntimeOptions): Promise<RuntimeSession> {
  const engine = await connectEngine(address, options);
  try {
    const owner = thisOwner();
    const removed = await removeLeftovers(engine, owner);
    if (removed > 0) options.onNote(`${engine.place}: ${removed} containers, networks and images of killed runs were taken away`);
    const runId = `${owner.pid}-${owner.machine}-${randomBytes(4).toString("hex")}`;
    return await sessionOf(engine, address, runId);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

async function sessionOf(engine: Engine, { program, endpoint }: EngineAddress, runId: string): Promise<RuntimeSession> {
  const engineFacts = asRecord(await engine.ask({ method: "GET", path: "/info" }));
  const made = { isAny: false, network: undefined as Promise<string> | undefined };
  const making: Promise<unknown>[] = [];
  // A stop does not end these: an engine would go on making what nobody waits for, and nobody take it away.
  const make = (path: string, body: object): Promise<unknown> => {
    const answer = engine.ask({
      method: "POST",
      path,
      body,
      signal: AbortSignal.timeout(createTimeoutMs),
      timeoutMs: createTimeoutMs,
    });
    making.push(answer);
    return answer;
  };
  const networkOf = (plan: ContainerPlan): Promise<string> => {
    if (plan.network !== "private") return Promise.resolve(plan.network);
    return (made.network ??= createNetwork(make, engine.place, runId));
  };
  const create = async (plan: ContainerPlan): Promise<Container> => {
    made.isAny = true;
    const config = containerConfig(plan, { program, runId, network: await networkOf(plan) });
    const answer = await make("/containers/create", config);
    return openContainer(engine, idIn(answer, engine.place), plan, program);
  };
  return {
    place: engine.place,
    memoryBytes: asSize(engineFacts?.["MemTotal"]) ?? 0,
    isLocal: endpoint.kind === "socket" || (endpoint.kind === "tcp" && isLoopback(endpoint.host)),
    create,
    hasImage: (name) => hasImage(engine, name),
    imageName: (of) => {
      made.isAny = true;
      return `${imagePrefix}${runId}:${of}`;
    },
    close: async () => {
      try {
        await Promise.allSettled(making);
        if (made.isAny) await removeRun(engine, runId);
      } finally {
        await engine.close();
      }
    },
  };
}

/**
 * Without masquerading nothing that leaves the bridge finds its way back: containers reach one another and this machine, and it reaches
 * the ports that they publish on its loopback. Podman leaves the option alone: an internal network of its own can't be asked from outside.
 */
async function createNetwork(
  make: (path: string, body: object) => Promise<unknown>,
  place: string,
  runId: string,
): Promise<string> {
  const body = {
    Name: `deadweight-run-${runId}`,
    Driver: "bridge",
    CheckDuplicate: true,
    Labels: { [runLabel]: runId },
    Options: { "com.docker.network.bridge.enable_ip_masquerade": "false" },
  };
  try {
    return idIn(await make("/networks/create", body), place);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "engine-failed") throw error;
    // Whether it can is told by trying: with `--bridge=none` most engines can, without the kernel's bridges none.
    throw new UserError("bad-configuration", `no private network: ${error.message}`, {
      cause: error,
      hint: "network: host in deadweight.yaml lets it share this machine's network, if you trust the image",
      exitCode: 2,
    });
  }
}

async function hasImage(engine: Engine, name: string): Promise<boolean> {
  try {
    await engine.ask({ method: "GET", path: `/images/${encodeURIComponent(name)}/json` });
    return true;
  } catch (error) {
    if (error instanceof UserError && error.code === "not-found") return false;
    throw error;
  }
}

function idIn(answer: unknown, place: string): string {
  const id = asRecord(answer)?.["Id"];
  if (typeof id === "string" && /^[0-9a-zA-Z_.-]{1,128}$/.test(id)) return id;
  throw new UserError("engine-failed", `${place}: made something and gave no id for it`);
}
