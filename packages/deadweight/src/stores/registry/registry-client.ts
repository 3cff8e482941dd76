import { UserError } from "../../lib/user-error.ts";
import { Authorizer } from "./authorizer.ts";
import { findCredentials } from "./find-credentials.ts";
import type { RegistryReference } from "./parse-reference.ts";
import { Patience, type Timing, TransientFailure, isPassing, isWithoutTls, persistently } from "./patience.ts";
import { type Answer, type Exchange, Transport, type TransportOptions } from "./transport.ts";

export interface ClientOptions extends Omit<TransportOptions, "host" | "stallMs"> {
  readonly reference: RegistryReference;
  readonly timing: Timing;
  /** What tokens are asked for; `pull` when absent. */
  readonly actions?: "pull" | "pull,push";
}

/** A request to a registry. */
export interface RegistryRequest extends Omit<Exchange, "url" | "headers"> {
  /** Below `/v2/REPOSITORY/`, or where the registry said. */
  readonly to: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another repository that the registry must let this login read. */
  readonly alsoPull?: string;
}

/** One repository of one registry, over the distribution API. */
export interface RegistryClient {
  /**
   * One attempt at `/v2/REPOSITORY/path`, logging in when asked to: an answer with status 200 or 206. Throws UserError, TransientFailure
   * and network errors; `what` begins their messages.
   */
  readonly get: (path: string, headers: Readonly<Record<string, string>>, what: string) => Promise<Answer>;
  /**
   * One attempt at any request, logging in when asked to: an answer of whatever status but those that may pass, which are thrown as
   * TransientFailure.
   */
  readonly send: (request: RegistryRequest) => Promise<Answer>;
  /** How long failures are borne with, for one thing, and until when. */
  readonly patience: (what: string, until?: AbortSignal) => Patience;
  readonly close: () => Promise<void>;
}

/** A client for the repository of a reference; finds out first whether a registry that may do without TLS does. */
export async function connectRegistry(options: ClientOptions): Promise<RegistryClient> {
  const { reference, timing, environment, signal, actions = "pull" } = options;
  const { host } = reference;
  const transport = new Transport({ ...options, host, stallMs: timing.stallMs });
  const patience = (what: string, until: AbortSignal = signal): Patience => new Patience(what, timing, until);
  const search = { environment, signal, helperMs: timing.helperMs };
  const ownScope = `repository:${reference.repository}:${actions}`;
  const authorizerFor = byKey(
    (alsoPull) =>
      new Authorizer({
        host,
        scope: alsoPull === "" ? ownScope : `${ownScope} repository:${alsoPull}:pull`,
        transport,
        findCredentials: () => findCredentials(reference, search),
      }),
  );
  try {
    const origin = await persistently(patience(host), () => originOf(host, transport));
    const get: RegistryClient["get"] = async (path, headers, what) => {
      const url = new URL(`/v2/${reference.repository}/${path}`, origin);
      return requireSuccess(await authorized({ url, headers }, transport, authorizerFor("")), what, host);
    };
    const send: RegistryClient["send"] = async ({ to, headers = {}, alsoPull = "", ...request }) => {
      const url = new URL(typeof to === "string" ? `/v2/${reference.repository}/${to}` : to, origin);
      const answer = await authorized({ ...request, url, headers }, transport, authorizerFor(alsoPull), origin);
      if (isPassing(answer.status)) throw await passing(answer, host);
      return answer;
    };
    return { get, send, patience, close: () => transport.close() };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

/** TLS is tried first even where it is not demanded; a wrong certificate or a broken connection is no reason to do without. */
async function originOf(host: string, transport: Transport): Promise<URL> {
  const secure = new URL(`https://${host}`);
  if (!transport.mayBePlain(secure)) return secure;
  try {
    const answer = await transport.send({ url: new URL("/v2/", secure), headers: {} });
    await answer.discard();
    return secure;
  } catch (error) {
    if (!isWithoutTls(error)) throw error;
    return new URL(`http://${host}`);
  }
}

/** A login is given to the registry itself alone: a 401 from where it redirected to is an answer like any other. */
async function authorized(
  exchange: Exchange,
  transport: Transport,
  authorizer: Authorizer,
  origin: URL = exchange.url,
): Promise<Answer> {
  const { url, headers } = exchange;
  if (url.origin !== origin.origin) return transport.send(exchange);
  const sent = authorizer.header;
  const answer = await transport.send(
    sent === undefined ? exchange : { ...exchange, headers: { ...headers, authorization: sent } },
  );
  if (answer.status !== 401 || answer.url.origin !== url.origin) return answer;
  await answer.discard();
  const authorization = await authorizer.renew(sent, answer.header("www-authenticate"));
  return transport.send({ ...exchange, headers: { ...headers, authorization } });
}

async function passing(answer: Answer, host: string): Promise<TransientFailure> {
  await answer.discard();
  return new TransientFailure(`HTTP ${answer.status}${elsewhere(answer, host)}`, answer.header("retry-after")[0]);
}

/** Where an answer comes from, when it is not the registry. */
function elsewhere(answer: Answer, host: string): string {
  return answer.url.host === host ? "" : ` from ${answer.url.host}`;
}

/** One value for each key, made when it is first asked for. */
function byKey<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}

/** Of the registry's own words only the code is shown: it could send the login back. */
async function requireSuccess(answer: Answer, what: string, host: string): Promise<Answer> {
  const { status } = answer;
  if (status === 200 || status === 206) return answer;
  if (isPassing(status)) throw await passing(answer, host);
  await answer.discard();
  const from = elsewhere(answer, host);
  if (status === 404) throw new UserError("not-found", `${what}: is not there (HTTP 404${from})`);
  if (status !== 401 && status !== 403) throw new UserError("unreadable", `${what}: the registry answered HTTP ${status}${from}`);
  throw new UserError("unauthorized", `${what}: is not there or not for this login (HTTP ${status}${from})`, {
    hint: `Check the name, then \`docker login ${host}\`.`,
  });
}
