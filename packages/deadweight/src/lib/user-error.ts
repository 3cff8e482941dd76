/** How a command ends: 1 a gate failed, 2 usage or configuration, 3 could not look. */
export type ExitCode = 1 | 2 | 3;

export interface UserErrorOptions {
  /** What the user can do about it, one sentence. */
  readonly hint?: string;
  /** What was seen, a line each: the last that a failed step printed. */
  readonly details?: readonly string[];
  readonly cause?: unknown;
  readonly exitCode?: ExitCode;
}

/** An error that the user can act on: *what failed: why*. Anything else that is thrown is a bug. */
export class UserError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: readonly string[];
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, options: UserErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "UserError";
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? [];
    this.exitCode = options.exitCode ?? 3;
  }
}
