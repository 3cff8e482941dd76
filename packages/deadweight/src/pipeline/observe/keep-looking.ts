import { setTimeout as sleep } from "node:timers/promises";

/** Looks again and again, with a pause between, until it is told to end: then once more. May be told again. */
export function keepLooking(look: () => Promise<void>, pauseMs: number, signal: AbortSignal): () => Promise<void> {
  const over = new AbortController();
  const looking = (async (): Promise<void> => {
    while (!over.signal.aborted && !signal.aborted) {
      await look();
      await sleep(pauseMs, undefined, { signal: over.signal }).catch(() => {});
    }
  })();
  return async () => {
    if (!over.signal.aborted) {
      await look();
      over.abort();
    }
    await looking;
  };
}
