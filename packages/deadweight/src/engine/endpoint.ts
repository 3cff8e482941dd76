import { UserError } from "../lib/user-error.ts";

/** Files of a TLS client, as Docker names them; what is not there is left out. */
export interface TlsFiles {
  /** A folder with `ca.pem`, `cert.pem` and `key.pem`. */
  readonly folder: string;
  readonly verify: boolean;
}

/** How an engine is reached. */
export type Endpoint =
  | { readonly kind: "socket"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly tls: TlsFiles | undefined }
  | { readonly kind: "ssh"; readonly host: string; readonly user: string | undefined; readonly port: number | undefined };

/** An engine's endpoint with where it was found, for messages: `unix:///var/run/docker.sock (the default)`. */
export interface EngineAddress {
  /** Also the command that ssh runs on the other machine. */
  readonly program: "docker" | "podman";
  readonly endpoint: Endpoint;
  readonly shown: string;
}

/** Parses `unix://`, `tcp://`, `http(s)://` and `ssh://` endpoints. `from` says where it stands. Throws UserError `bad-configuration`. */
export function parseEndpoint(text: string, from: string, tls: TlsFiles | undefined): Endpoint {
  if (text.startsWith("unix://") && text.length > "unix://".length) return { kind: "socket", path: text.slice("unix://".length) };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Only special schemes get a lower-case, checked host from URL: an ssh host goes into a command line.
  if (
    url?.protocol === "ssh:" &&
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(url.hostname) &&
    /^(?:[A-Za-z0-9._][A-Za-z0-9._-]*)?$/.test(url.username)
  ) {
    return { kind: "ssh", host: url.hostname, user: url.username || undefined, port: portOf(url) };
  }
  if (url !== undefined && /^(?:tcp|https?):$/.test(url.protocol) && url.hostname !== "") {
    const isTls = tls !== undefined || url.protocol === "https:";
    return {
      kind: "tcp",
      host: url.hostname,
      port: portOf(url) ?? (isTls ? 2376 : 2375),
      tls: isTls ? (tls ?? { folder: "", verify: true }) : undefined,
    };
  }
  throw new UserError("bad-configuration", `${from}: ${JSON.stringify(text)} is no address of an engine`, {
    exitCode: 2,
    hint: "write unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST",
  });
}

function portOf(url: URL): number | undefined {
  return url.port === "" ? undefined : Number(url.port);
}
