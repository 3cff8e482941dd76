import { Readable } from "node:stream";
import { type Dispatcher, request as undiciRequest } from "undici";
import { UserError } from "../../lib/user-error.ts";
import { createDispatcher } from "./create-dispatcher.ts";
import { isLoopback } from "../../lib/is-loopback.ts";

const mostRedirects = 5;
/** How many times longer than otherwise the answer to an upload is waited for. */
const patienceWithUploads = 10;

/** One request with what may be sent along. Redirects are followed with GET and HEAD alone. */
export interface Exchange {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** POST when there is a body and GET when there is none, unless something else is said. */
  readonly method?: "GET" | "HEAD" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** A function makes a body of unknown or given `content-length` anew for each attempt. */
  readonly body?: string | Uint8Array | (() => AsyncIterable<Uint8Array>);
}

/** An answer whose body has not been read yet. Read it or discard it. */
export interface Answer {
  readonly status: number;
  /** Where it came from, after redirects. May hold a signature: show its host alone. */
  readonly url: URL;
  /** All headers of a name, lower case. */
  readonly header: (name: string) => readonly string[];
  readonly body: AsyncIterable<Uint8Array>;
  readonly discard: () => Promise<void>;
}

export interface TransportOptions {
  /** Host of the registry, with its port. */
  readonly host: string;
  readonly insecure: readonly string[] | true;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly stallMs: number;
}

/**
 * HTTP as a registry client may speak it: TLS but where plain text is allowed, redirects of GET followed with the Authorization left
 * behind when scheme, host or port change. Throws UserError `insecure` for plain text, and undici's errors.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #dispatcher: Dispatcher;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#dispatcher = createDispatcher(options.environment, options.stallMs);
  }

  /** Whether an address may be spoken to without TLS: hosts that the user named, and loopback when the registry itself is there. */
  mayBePlain(url: URL): boolean {
    const { insecure, host } = this.#options;
    if (insecure === true) return true;
    // URL leaves a scheme's own port out.
    const port = url.port || (url.protocol === "https:" ? "443" : "80");
    if (insecure.includes(url.hostname) || insecure.includes(`${url.hostname}:${port}`)) return true;
    return isLoopback(url.hostname) && isLoopback(new URL(`http://${host}`).hostname);
  }

  async send(exchange: Exchange): Promise<Answer> {
    const { url, headers } = exchange;
    const mayFollow = ["GET", "HEAD"].includes(methodOf(exchange));
    let allowed = headers;
    for (let at = url, hops = 0; hops <= mostRedirects; hops++) {
      const answer = await this.#once({ ...exchange, url: at, headers: allowed });
      const target = mayFollow ? redirectOf(answer) : undefined;
      if (target === undefined) return answer;
      await answer.discard();
      if (target.origin !== at.origin) allowed = withoutAuthorization(allowed);
      at = target;
    }
    throw new UserError("unreadable", `${url.host}: redirects more than ${mostRedirects} times`);
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #once(exchange: Exchange): Promise<Answer> {
    const { url, headers, body } = exchange;
    this.#refusePlain(url);
    const answer = await undiciRequest(url, {
      dispatcher: this.#dispatcher,
      signal: this.#options.signal,
      headers: { "user-agent": "deadweight", "accept-encoding": "identity", ...headers },
      method: methodOf(exchange),
      ...(body === undefined ? {} : { body: typeof body === "function" ? Readable.from(body(), { objectMode: false }) : body }),
      ...(isUpload(exchange) ? { headersTimeout: this.#options.stallMs * patienceWithUploads } : {}),
    });
    return {
      status: answer.statusCode,
      url,
      header: (name) => [answer.headers[name] ?? []].flat(),
      body: answer.body,
      discard: () => answer.body.dump({ limit: 65536 }),
    };
  }

  #refusePlain(url: URL): void {
    if (url.protocol === "https:" || (url.protocol === "http:" && this.mayBePlain(url))) return;
    throw new UserError("insecure", `${this.#options.host}: leads to ${url.protocol}//${url.host}, which is not TLS`, {
      hint: "Name the host with --insecure if you trust the network between.",
    });
  }
}

function methodOf({ method, body }: Exchange): NonNullable<Exchange["method"]> {
  return method ?? (body === undefined ? "GET" : "POST");
}

/** Registries, and proxies before them, answer when they have stored what they got: minutes after the last byte of a large blob. */
function isUpload(exchange: Exchange): boolean {
  return ["PATCH", "PUT"].includes(methodOf(exchange));
}

function redirectOf(answer: Answer): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.status)) return undefined;
  const target = URL.parse(answer.header("location")[0] ?? "", answer.url.href);
  if (target === null) throw new UserError("unreadable", `${answer.url.host}: redirects to what is no address`);
  target.username = "";
  target.password = "";
  return target;
}

function withoutAuthorization(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "authorization"));
}
