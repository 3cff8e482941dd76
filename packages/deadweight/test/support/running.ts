import type { ContainerPlan, Runtime, RuntimeSession } from "../../src/contracts/runtime.ts";

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
