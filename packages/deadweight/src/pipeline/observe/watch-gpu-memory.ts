import type { Container } from "../../contracts/runtime.ts";
import type { GpuProcesses } from "./gpu-processes.ts";
import { keepLooking } from "./keep-looking.ts";

/** Looks at what a container's processes hold of GPUs until it is told to end. */
export interface GpuMemoryWatch {
  /** Looks once more, and gives the most bytes that were seen, or why none could be. May be called again. */
  readonly end: () => Promise<number | string>;
}

/** A question to the driver takes a tenth of a second of a processor. */
const pauseMs = 500;

/** Asks the driver now and then, and counts the processes that the engine says are the container's. */
export function watchGpuMemory(
  container: Pick<Container, "processes">,
  gpuProcesses: () => Promise<GpuProcesses>,
  signal: AbortSignal,
): GpuMemoryWatch {
  let most: number | string = "it ended before anybody looked";
  const look = async (): Promise<void> => {
    // A container that is ending has no processes to tell of.
    const own = await container.processes().catch(() => []);
    if (own.length === 0) return;
    const held = await gpuProcesses();
    if (typeof held === "string") {
      if (typeof most === "string") most = held;
      return;
    }
    const now = own.reduce((sum, process) => sum + (held.get(process) ?? 0), 0);
    most = Math.max(typeof most === "string" ? 0 : most, now);
  };
  const end = keepLooking(look, pauseMs, signal);
  return {
    end: async () => {
      await end();
      return most;
    },
  };
}
