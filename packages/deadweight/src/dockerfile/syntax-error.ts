import { UserError } from "../lib/user-error.ts";

/** What is wrong in a Dockerfile: `Dockerfile:12: unknown instruction "RUM"`. */
export function syntaxError(file: string, line: number, reason: string, hint?: string): UserError {
  return new UserError("bad-dockerfile", `${file}:${line}: ${reason}`, hint === undefined ? {} : { hint });
}
