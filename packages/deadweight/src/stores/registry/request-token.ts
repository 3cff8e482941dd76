import { UserError } from "../../lib/user-error.ts";
import type { Credentials } from "./credentials.ts";
import { isSameSite } from "./is-same-site.ts";
import type { Challenge } from "./parse-challenges.ts";
import { TransientFailure, isPassing } from "./patience.ts";
import { parseSecretJson } from "./parse-secret-json.ts";
import { readBody } from "./read-body.ts";
import type { Answer, Exchange, Transport } from "./transport.ts";

const longestAnswer = 1024 * 1024;

/** What a token is asked for, and with whose login. */
export interface TokenRequest {
  readonly challenge: Challenge;
  /** The registry that asks, `host[:port]`. */
  readonly host: string;
  /** One or several, a space between them. */
  readonly scope: string;
  readonly credentials: Credentials | undefined;
}

/**
 * Gets a bearer token as the distribution project's token and OAuth2 documents say. Credentials go to the registry's own site alone.
 * Throws UserError `unauthorized`, TransientFailure, undici's errors.
 */
export async function requestToken(request: TokenRequest, transport: Transport): Promise<string> {
  const realm = URL.parse(request.challenge.parameters.get("realm") ?? "");
  if (realm === null) throw new UserError("unreadable", `${request.host}: asks for a token from what is no address`);
  realm.username = "";
  realm.password = "";
  if (request.credentials) requireTrusted(realm, request.host, transport);
  const answer = await transport.send(exchangeFor(realm, request));
  if (answer.status !== 200) {
    await answer.discard();
    throw refusal(answer, realm, request);
  }
  return tokenIn(await readBody(answer, longestAnswer, `${realm.host}: its token`), realm.host);
}

/** Whoever can make a registry answer 401 names the realm: it must not be able to name its own host. */
function requireTrusted(realm: URL, host: string, transport: Transport): void {
  const registry = new URL(`https://${host}`).hostname;
  const isPrivate = realm.protocol === "https:" || transport.mayBePlain(realm);
  if (isPrivate && isSameSite(realm.hostname, registry)) return;
  throw new UserError(
    "unauthorized",
    `${host}: wants your login sent to ${realm.protocol}//${realm.host}, another site, so it was not sent`,
    {
      hint: `If the image is public, log out of ${host} first; if not, ask who runs ${host} about ${realm.host}.`,
    },
  );
}

function exchangeFor(realm: URL, { challenge, scope, credentials }: TokenRequest): Exchange {
  const service = challenge.parameters.get("service");
  const fields = new URLSearchParams(service === undefined ? {} : { service });
  if (credentials?.kind === "identity-token") {
    for (const [name, value] of Object.entries({
      grant_type: "refresh_token",
      client_id: "deadweight",
      refresh_token: credentials.token,
      scope,
    })) {
      fields.set(name, value);
    }
    return { url: realm, headers: { "content-type": "application/x-www-form-urlencoded" }, body: fields.toString() };
  }
  // The token document repeats the parameter, the OAuth2 document has one with spaces.
  for (const one of scope.split(" ")) fields.append("scope", one);
  for (const [name, value] of fields) realm.searchParams.append(name, value);
  if (credentials) realm.searchParams.set("account", credentials.username);
  return { url: realm, headers: credentials ? { authorization: basicHeader(credentials) } : {} };
}

/** The `Authorization` of RFC 7617, in UTF-8. */
export function basicHeader({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function refusal(answer: Answer, realm: URL, { host, credentials }: TokenRequest): Error {
  if (isPassing(answer.status))
    return new TransientFailure(`${realm.host}: HTTP ${answer.status}`, answer.header("retry-after")[0]);
  const who = credentials ? "refuses the login" : "gives no token without a login";
  return new UserError("unauthorized", `${realm.host}: ${who} for ${host} (HTTP ${answer.status})`, {
    hint: `Run \`docker login ${host}\` and try again.`,
  });
}

function tokenIn(bytes: Uint8Array, host: string): string {
  const answer = parseSecretJson(new TextDecoder().decode(bytes));
  const token = answer?.["token"] ?? answer?.["access_token"];
  // It becomes a header: visible ASCII and nothing else.
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new UserError("unreadable", `${host}: its answer holds no token`);
}
