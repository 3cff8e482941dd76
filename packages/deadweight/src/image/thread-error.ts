import { UserError } from "../lib/user-error.ts";
import type { ThreadError } from "./layer-threads.ts";

/** An error as plain data, for a message to another thread. */
export function toThreadError(error: unknown): ThreadError {
  if (error instanceof UserError) return { code: error.code, message: error.message };
  if (error instanceof Error) {
    // A file that can't be read is the user's to mend; anything else without a code of ours is a bug.
    const isSystem = "syscall" in error && "code" in error;
    return {
      message: error.message,
      ...(isSystem ? { code: "unreadable" } : {}),
      ...(error.stack === undefined ? {} : { stack: error.stack }),
    };
  }
  return { message: String(error) };
}

/** The error again, in the thread that got the message. */
export function fromThreadError(error: ThreadError): Error {
  if (error.code !== undefined) return new UserError(error.code, error.message);
  const bug = new Error(error.message);
  if (error.stack !== undefined) bug.stack = error.stack;
  return bug;
}
