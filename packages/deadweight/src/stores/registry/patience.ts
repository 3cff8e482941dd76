import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../lib/user-error.ts";

/** How long a registry is waited for. Tests replace the clock and the waits. */
export interface Timing {
  /** Without a byte for so long, a connection counts as broken. */
  readonly stallMs: number;
  /** Waits between attempts when the registry names none; one attempt more than there are waits. */
  readonly retryDelaysMs: readonly number[];
  /** The longest `Retry-After` that is honoured. */
  readonly longestRetryMs: number;
  /** What a credential helper may take. */
  readonly helperMs: number;
  readonly now: () => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The waits of real life: 5 attempts, 7.5 s of waiting, 30 s of silence. */
export const realTiming: Timing = {
  stallMs: 30_000,
  retryDelaysMs: [500, 1000, 2000, 4000],
  longestRetryMs: 60_000,
  helperMs: 10_000,
  now: () => Date.now(),
  wait: (ms, signal) => sleep(ms, undefined, { signal }),
};

/** A failure that may pass: HTTP 429, 5xx, a body that ended early. */
export class TransientFailure extends Error {
  /** The `Retry-After` header, if any. */
  readonly retryAfter: string | undefined;

  constructor(message: string, retryAfter?: string) {
    super(message);
    this.name = "TransientFailure";
    this.retryAfter = retryAfter;
  }
}

/** Counts failures since the last progress, waits after each, and gives up after the last attempt. */
export class Patience {
  readonly #what: string;
  readonly #timing: Timing;
  readonly #signal: AbortSignal;
  #failures = 0;

  constructor(what: string, timing: Timing, signal: AbortSignal) {
    this.#what = what;
    this.#timing = timing;
    this.#signal = signal;
  }

  progressed(): void {
    this.#failures = 0;
  }

  /** Returns when it is time for another attempt. Throws what can't be retried, the signal's reason, or at last UserError `unreachable`. */
  async failed(error: unknown): Promise<void> {
    this.#signal.throwIfAborted();
    const wait = this.#timing.retryDelaysMs[this.#failures];
    this.#failures += 1;
    if (!isTransient(error) || wait === undefined) throw asUserError(error, this.#what, this.#failures);
    const told = error instanceof TransientFailure ? retryAfterMs(error.retryAfter, this.#timing.now()) : undefined;
    await this.#timing.wait(Math.min(told ?? wait, this.#timing.longestRetryMs), this.#signal);
  }
}

/** Repeats an action until it succeeds or patience ends. */
export async function persistently<T>(patience: Patience, action: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      await patience.failed(error);
    }
  }
}

/** Whether an HTTP status says that the same request may succeed later. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/** Whether an error says that TLS is not spoken at an address: something else is, or nothing. */
export function isWithoutTls(error: unknown): boolean {
  return isPlainText(error) || codeOf(error) === "ECONNREFUSED";
}

function isCertificateError(error: unknown): boolean {
  return /CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH$/.test(codeOf(error) ?? "");
}

/** What comes from the network, Node's errors and undici's, has a code; mistakes in the program have none, or one of these. */
function isNetworkError(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && !(error instanceof UserError) && !code.startsWith("ERR_INVALID");
}

function isTransient(error: unknown): boolean {
  if (error instanceof TransientFailure) return true;
  return isNetworkError(error) && !isCertificateError(error) && !isPlainText(error) && codeOf(error) !== "ENOTFOUND";
}

/** Whether something that is not TLS answered where TLS was spoken. */
function isPlainText(error: unknown): boolean {
  return /^(?:ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/.test(codeOf(error) ?? "");
}

function asUserError(error: unknown, what: string, attempts: number): unknown {
  if (!(error instanceof TransientFailure) && !isNetworkError(error)) return error;
  const tried = attempts > 1 ? `, ${attempts} attempts` : "";
  const hint = hintFor(error);
  return new UserError("unreachable", `${what}: ${reasonOf(error)}${tried}`, { ...(hint ? { hint } : {}), cause: error });
}

function hintFor(error: unknown): string | undefined {
  if (isCertificateError(error)) return "Name the authority's certificate with NODE_EXTRA_CA_CERTS or SSL_CERT_FILE.";
  if (error instanceof TransientFailure && error.message.startsWith("HTTP 429"))
    return "The registry limits requests: log in, or wait.";
  return isPlainText(error) ? "If it speaks no TLS and you trust the network between, name the host with --insecure." : undefined;
}

/** The message where it is plain text; a certificate's names, for one, come from the other side. Node's own hint is left out. */
function reasonOf(error: unknown): string {
  if (isPlainText(error)) return "it does not speak TLS";
  const message = error instanceof Error ? (error.message.split("; if ")[0] ?? "") : "";
  return /^[\x20-\x7e]{1,200}$/.test(message) ? message : (codeOf(error) ?? "the connection failed");
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** RFC 9110, 10.2.3: seconds or a date. */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
