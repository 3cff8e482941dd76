import { UserError } from "../../lib/user-error.ts";
import type { Credentials } from "./credentials.ts";
import { type Challenge, parseChallenges } from "./parse-challenges.ts";
import { basicHeader, requestToken } from "./request-token.ts";
import type { Transport } from "./transport.ts";

export interface AuthorizerOptions {
  /** The registry, `host[:port]`. */
  readonly host: string;
  /** What tokens are asked for, `repository:NAME:pull`, whatever the registry would like; several with a space between them. */
  readonly scope: string;
  readonly transport: Transport;
  /** Asked once, when the registry wants a login. */
  readonly findCredentials: () => Promise<Credentials | undefined>;
}

/** The `Authorization` of one registry for one scope: got when it is asked for, shared by parallel pulls, renewed when it is refused. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  #header: string | undefined;
  #renewal: Promise<string> | undefined;
  #credentials: Promise<Credentials | undefined> | undefined;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** What to send; undefined until the registry wants one. */
  get header(): string | undefined {
    return this.#header;
  }

  /** What to send instead of `refused`, which was answered with these `WWW-Authenticate` headers. Throws UserError `unauthorized`. */
  async renew(refused: string | undefined, challenges: readonly string[]): Promise<string> {
    if (this.#header !== undefined && this.#header !== refused) return this.#header;
    this.#renewal ??= this.#obtain(parseChallenges(challenges)).finally(() => (this.#renewal = undefined));
    this.#header = await this.#renewal;
    return this.#header;
  }

  async #obtain(challenges: readonly Challenge[]): Promise<string> {
    const { host, scope, transport, findCredentials } = this.#options;
    this.#credentials ??= findCredentials();
    const credentials = await this.#credentials;
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    if (bearer) return `Bearer ${await requestToken({ challenge: bearer, host, scope, credentials }, transport)}`;
    if (!challenges.some(({ scheme }) => scheme === "basic")) {
      throw new UserError("unauthorized", `${host}: wants a login, but not in a way that is known here (Basic, Bearer)`);
    }
    if (credentials?.kind === "password") return basicHeader(credentials);
    const why = credentials ? "wants a user name and password, but an identity token is stored for it" : "wants a login";
    throw new UserError("unauthorized", `${host}: ${why}`, { hint: `Run \`docker login ${host}\` and try again.` });
  }
}
