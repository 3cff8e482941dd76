import { readFileSync } from "node:fs";
import { type SecureContext, createSecureContext, getCACertificates } from "node:tls";
import { type Dispatcher, EnvHttpProxyAgent } from "undici";
import { UserError } from "../../lib/user-error.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The connections of one image: through `HTTPS_PROXY` and `HTTP_PROXY` but for `NO_PROXY` and loopback, trusting what Node trusts and
 * `NODE_EXTRA_CA_CERTS`, or `SSL_CERT_FILE` in place of Node's own. Throws UserError `configuration`, exit code 2.
 */
export function createDispatcher(environment: Environment, stallMs: number): Dispatcher {
  const secureContext = secureContextFrom(environment);
  const tls = { ...(secureContext ? { secureContext } : {}), timeout: stallMs };
  const excluded = environment["no_proxy"] ?? environment["NO_PROXY"] ?? "";
  return new EnvHttpProxyAgent({
    httpProxy: proxyFrom(environment, "http_proxy"),
    httpsProxy: proxyFrom(environment, "https_proxy"),
    noProxy: `${excluded},localhost,127.0.0.1,::1`,
    headersTimeout: stallMs,
    bodyTimeout: stallMs,
    connect: tls,
    requestTls: tls,
    proxyTls: tls,
    // One connection a blob: streams of HTTP/2 would share one window and break together.
    allowH2: false,
  });
}

/** A proxy's address, empty for none. It may hold a password, so no error shows it. */
function proxyFrom(environment: Environment, name: string): string {
  const text = environment[name] ?? environment[name.toUpperCase()] ?? "";
  if (text === "") return "";
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url && ["http:", "https:", "socks5:"].includes(url.protocol)) return url.href;
  throw new UserError("configuration", `${name.toUpperCase()}: is not the address of an http, https or socks5 proxy`, {
    exitCode: 2,
  });
}

/** Made once: parsing Node's 150 certificates for each connection would cost more than the handshake. */
function secureContextFrom(environment: Environment): SecureContext | undefined {
  const { SSL_CERT_FILE, NODE_EXTRA_CA_CERTS } = environment;
  if (!SSL_CERT_FILE && !NODE_EXTRA_CA_CERTS) return undefined;
  const trusted = SSL_CERT_FILE ? certificatesIn("SSL_CERT_FILE", SSL_CERT_FILE) : getCACertificates("default");
  const extra = NODE_EXTRA_CA_CERTS ? certificatesIn("NODE_EXTRA_CA_CERTS", NODE_EXTRA_CA_CERTS) : [];
  return createSecureContext({ ca: [...trusted, ...extra] });
}

function certificatesIn(variable: string, path: string): readonly string[] {
  try {
    const certificates = readFileSync(path, "utf8");
    createSecureContext({ ca: certificates });
    return [certificates];
  } catch (cause) {
    throw new UserError("configuration", `${variable}: ${path} cannot be read as certificates`, { cause, exitCode: 2 });
  }
}
