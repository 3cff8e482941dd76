import type { Container } from "../../contracts/runtime.ts";
import { UserError } from "../../lib/user-error.ts";

/** Starts a container; gives what the engine says when its program is not there or can't be run, which is about the image. */
export async function whyNotStarted(container: Container): Promise<string | undefined> {
  try {
    await container.start();
    return undefined;
  } catch (error) {
    return whatEngineSays(error);
  }
}

/** What an engine that is there refuses, in its words. Throws any other error. */
export function whatEngineSays(error: unknown): string {
  if (error instanceof UserError && (error.code === "engine-failed" || error.code === "not-found")) return error.message;
  throw error;
}
