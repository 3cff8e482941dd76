/** What to do about a signal that asks to stop. */
export type Answer = "abort" | "ignore" | "exit";

/** The same key press may come twice: from the terminal, and passed on by npm or by the shim. */
const echoMs = 300;

/** Decides about signals: the first aborts, an echo of it is ignored, the next one ends the process at once. */
export function createInterrupt(now: () => number): () => Answer {
  let firstAt: number | undefined;
  return () => {
    if (firstAt !== undefined) return now() - firstAt < echoMs ? "ignore" : "exit";
    firstAt = now();
    return "abort";
  };
}
