import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Container, ContainerPlan, Runtime, RuntimeSession } from "../../src/contracts/runtime.ts";

/** A connection to an engine, with the environment of the tests. */
export function connected(runtime: Runtime, signal: AbortSignal = new AbortController().signal): Promise<RuntimeSession> {
  return runtime.connect({ environment: process.env, signal, insecure: [], onNote: () => {} });
}

/** A container of a shell that runs these words. */
export function shellPlan(image: string, script: string, changes: Partial<ContainerPlan> = {}): ContainerPlan {
  return {
    image,
    entrypoint: ["sh"],
    command: ["-c", script],
    environment: {},
    mounts: [],
    network: "none",
    ports: [],
    capabilities: [],
    memoryBytes: 256 * 1024 * 1024,
    pids: 64,
    readOnly: false,
    ...changes,
  };
}

/**
 * The words of all its processes, by the numbers of this machine, once these are among them or five seconds are over: a shell takes its
 * time to become what it executes.
 */
export async function wordsOfProcesses(container: Container, awaited: string): Promise<readonly string[]> {
  for (let round = 1; ; round++) {
    const words = (await container.processes()).map((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1"));
    if (words.includes(awaited) || round === 50) return words;
    await sleep(100);
  }
}

/** How many containers, networks and images of runs the engine has. */
export async function leftInEngine(docker: (...args: string[]) => Promise<string>): Promise<number> {
  const label = ["--filter", "label=dev.deadweight.run", "--quiet"];
  const found = await Promise.all([
    docker("ps", "--all", ...label),
    docker("network", "ls", ...label),
    docker("image", "ls", "--quiet", "deadweight-run-*"),
  ]);
  return found.join("\n").split("\n").filter(Boolean).length;
}
