/** Runs so many workers at once. When one fails the signal of the others aborts, and its error is thrown when all have ended. */
export async function sideBySide(
  workers: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const running = Array.from({ length: workers }, () => work(either));
  try {
    await Promise.all(running);
  } catch (error) {
    stop.abort();
    await Promise.allSettled(running);
    throw error;
  }
}
