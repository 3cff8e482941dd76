import { UserError } from "../../lib/user-error.ts";
import { Authorizer } from "./authorizer.ts";
import { findCredentials } from "./find-credentials.ts";
import type { RegistryReference } from "./parse-reference.ts";
import { Patience, type Timing, TransientFailure, isPassing, isWithoutTls, persistently } from "./patience.ts";
import { type Answer, Transport, type TransportOptions } from "./transport.ts";

export interface ClientOptions extends Omit<TransportOptions, "host" | "stallMs"> {
  readonly reference: RegistryReference;
  readonly timing: Timing;
}

/** One repository of one registry, over the distribution API. */
export interface RegistryClient {
  /**
   * One attempt at `/v2/REPOSITORY/path`, logging in when asked to: an answer with status 200 or 206. Throws UserError, TransientFailure
   * and network errors; `what` begins their messages.
   */
  readonly get: (path: string, headers: Readonly<Record<string, string>>, what: string) => Promise<Answer>;
  /** How long failures are borne with, for one thing. */
  readonly patience: (what: string) => Patience;
  readonly close: () => Promise<void>;
}

/** A client for the repository of a reference; finds out first whether a registry that may do without TLS does. */
export async function connectRegistry(options: ClientOptions): Promise<RegistryClient> {
  const { reference, timing, environment, signal } = options;
  const { host } = reference;
  const transport = new Transport({ ...options, host, stallMs: timing.stallMs });
  const patience = (what: string): Patience => new Patience(what, timing, signal);
  const search = { environment, signal, helperMs: timing.helperMs };
  const authorizer = new Authorizer({
    host,
    scope: `repository:${reference.repository}:pull`,
    transport,
    findCredentials: () => findCredentials(reference, search),
  });
  try {
    const origin = await persistently(patience(host), () => originOf(host, transport));
    const get: RegistryClient["get"] = async (path, headers, what) => {
      const url = new URL(`/v2/${reference.repository}/${path}`, origin);
      return requireSuccess(await authorized(url, headers, transport, authorizer), what, host);
    };
    return { get, patience, close: () => transport.close() };
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
  url: URL,
  headers: Readonly<Record<string, string>>,
  transport: Transport,
  authorizer: Authorizer,
): Promise<Answer> {
  const sent = authorizer.header;
  const answer = await transport.send({ url, headers: sent === undefined ? headers : { ...headers, authorization: sent } });
  if (answer.status !== 401 || answer.url.origin !== url.origin) return answer;
  await answer.discard();
  const authorization = await authorizer.renew(sent, answer.header("www-authenticate"));
  return transport.send({ url, headers: { ...headers, authorization } });
}

/** Of the registry's own words only the code is shown: it could send the login back. */
async function requireSuccess(answer: Answer, what: string, host: string): Promise<Answer> {
  const { status } = answer;
  if (status === 200 || status === 206) return answer;
  await answer.discard();
  const from = answer.url.host === host ? "" : ` from ${answer.url.host}`;
  if (isPassing(status)) throw new TransientFailure(`HTTP ${status}${from}`, answer.header("retry-after")[0]);
  if (status === 404) throw new UserError("not-found", `${what}: is not there (HTTP 404${from})`);
  if (status !== 401 && status !== 403) throw new UserError("unreadable", `${what}: the registry answered HTTP ${status}${from}`);
  throw new UserError("unauthorized", `${what}: is not there or not for this login (HTTP ${status}${from})`, {
    hint: `Check the name, then \`docker login ${host}\`.`,
  });
}
