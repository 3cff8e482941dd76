import type { Container } from "../../contracts/runtime.ts";
import { keepLooking } from "./keep-looking.ts";

/** Looks at a container's memory until it is told to end. */
export interface MemoryWatch {
  /** Looks once more, and gives the most that was seen; undefined when the engine tells nothing. May be called again. */
  readonly end: () => Promise<number | undefined>;
}

const pauseMs = 200;

/** Asks an engine how much memory a container holds, now and then: there is no peak in what engines tell of cgroups' second version. */
export function watchMemory(container: Container, signal: AbortSignal): MemoryWatch {
  let most: number | undefined;
  const look = async (): Promise<void> => {
    const now = await container.memory().catch(() => undefined);
    if (now !== undefined) most = Math.max(most ?? 0, now);
  };
  const end = keepLooking(look, pauseMs, signal);
  return {
    end: async () => {
      await end();
      return most;
    },
  };
}
