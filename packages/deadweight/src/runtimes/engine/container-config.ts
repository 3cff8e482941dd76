import type { ContainerPlan } from "../../contracts/runtime.ts";
import type { EngineAddress } from "../../engine/endpoint.ts";

/** The label of every container, network and image of a run; its value says which process made it. */
export const runLabel = "dev.deadweight.run";

/** What the Engine API's `/containers/create` is told: no privileges, and no more of the machine than the plan says. */
export function containerConfig(
  plan: ContainerPlan,
  { program, runId, network }: { readonly program: EngineAddress["program"]; readonly runId: string; readonly network: string },
): object {
  const ports = plan.network === "private" ? plan.ports.map((port) => `${port}/tcp`) : [];
  return {
    Image: plan.image,
    ...(plan.entrypoint === undefined ? {} : { Entrypoint: plan.entrypoint }),
    ...(plan.command === undefined ? {} : { Cmd: plan.command }),
    Env: Object.entries(plan.environment).map(([name, value]) => `${name}=${value}`),
    Labels: { [runLabel]: runId },
    Tty: false,
    OpenStdin: false,
    // Asked by exec, in steps of our own: an engine waits 30 seconds before the first time.
    Healthcheck: { Test: ["NONE"] },
    ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])),
    HostConfig: {
      ...limitsOf(plan),
      NetworkMode: network,
      PortBindings: Object.fromEntries(ports.map((port) => [port, [{ HostIp: "127.0.0.1", HostPort: "" }]])),
      Mounts: plan.mounts.map(({ source, target, readOnly }) => ({
        Type: "bind",
        Source: source,
        Target: target,
        ReadOnly: readOnly,
      })),
      ...(program === "docker" ? { LogConfig: { Type: "json-file", Config: { "max-size": "16m", "max-file": "1" } } } : {}),
      ...gpuRequests(plan),
    },
  };
}

function limitsOf({ capabilities, memoryBytes, pids, readOnly }: ContainerPlan): object {
  return {
    Privileged: false,
    CapDrop: ["ALL"],
    CapAdd: capabilities,
    SecurityOpt: ["no-new-privileges"],
    Memory: memoryBytes,
    // As much as the memory means no swap at all.
    MemorySwap: memoryBytes,
    PidsLimit: pids,
    ReadonlyRootfs: readOnly,
    ...(readOnly ? { Tmpfs: { "/tmp": "rw,size=268435456,mode=1777" } } : {}),
    AutoRemove: false,
    RestartPolicy: { Name: "no" },
  };
}

function gpuRequests({ gpus }: ContainerPlan): object {
  if (gpus === undefined) return {};
  if (gpus === "all" || typeof gpus === "number") {
    const count = gpus === "all" ? -1 : gpus;
    return { DeviceRequests: [{ Driver: "nvidia", Count: count, Capabilities: [["gpu"]] }] };
  }
  return { DeviceRequests: [{ Driver: "cdi", DeviceIDs: gpus }] };
}
