import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "../../contracts/runtime.ts";

/** Looks at a container's memory until it is told to end. */
export interface MemoryWatch {
  /** Looks once more, and gives the most that was seen; undefined when the engine tells nothing. May be called again. */
  readonly end: () => Promise<number | undefined>;
}

const pauseMs = 200;

/** Asks an engine how much memory a container holds, now and then: there is no peak in what engines tell of cgroups' second version. */
export function watchMemory(container: Container, signal: AbortSignal): MemoryWatch {
  let most: number | undefined;
  const over = new AbortController();
  const look = async (): Promise<void> => {
    const now = await container.memory().catch(() => undefined);
    if (now !== undefined) most = Math.max(most ?? 0, now);
  };
  const watching = (async (): Promise<void> => {
    while (!over.signal.aborted && !signal.aborted) {
      await look();
      await sleep(pauseMs, undefined, { signal: over.signal }).catch(() => {});
    }
  })();
  return {
    end: async () => {
      if (!over.signal.aborted) {
        await look();
        over.abort();
      }
      await watching;
      return most;
    },
  };
}
