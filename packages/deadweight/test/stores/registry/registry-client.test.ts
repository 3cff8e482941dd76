import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import type { ManifestSource } from "../../../src/contracts/store.ts";
import { UserError } from "../../../src/lib/user-error.ts";
import { openRegistryImage } from "../../../src/stores/registry/open-registry-image.ts";
import {
  type Certificate,
  dockerConfig,
  type Fault,
  makeCertificate,
  openOptions,
  quickTiming,
  sendBlob,
  startProxy,
  startRegistry,
  startServer,
  testImage,
  type TestServer,
} from "../../support/registry.ts";

const image = testImage(100_000);
const basic = `Basic ${Buffer.from("user:canary").toString("base64")}`;
const secrets = /canary|dXNlcjpjYW5hcnk|Y2FuYXJ5/;
const passwordLogin = { auth: basic.slice(6) };
const tokenLogin = { identitytoken: "canary-identity" };

/** Refuses what has not one of these Authorizations, with these challenges. */
function demand(challenges: string | readonly string[], accepted: (authorization: string | undefined) => boolean): Fault {
  return (request, response) => {
    if (accepted(request.headers.authorization)) return false;
    // A hostile registry sends the login back in its words.
    const words = JSON.stringify({ errors: [{ code: "DENIED", message: request.headers.authorization ?? "none" }] });
    response.writeHead(401, { "www-authenticate": [challenges].flat() }).end(words);
    return true;
  };
}

/** A token endpoint: `token-1`, `token-2` and so on. */
function tokens(
  reply?: (request: IncomingMessage, response: ServerResponse) => void,
): (certificate?: Certificate) => Promise<TestServer> {
  let count = 0;
  return (certificate) =>
    startServer((request, response) => {
      count += 1;
      if (reply) reply(request, response);
      else response.end(JSON.stringify({ token: `token-${count}`, expires_in: 60 }));
    }, certificate);
}

interface Loopback {
  readonly registry: TestServer;
  readonly auth: TestServer;
  readonly open: (logins?: Record<string, unknown>) => Promise<ManifestSource>;
}

/** A registry on loopback with a token endpoint on another port. `{auth}` in the challenges is its address. */
async function loopback(
  t: TestContext,
  challenges: readonly string[],
  accepted: (authorization: string | undefined) => boolean,
  endpoint = tokens(),
  faults: readonly Fault[] = [],
): Promise<Loopback> {
  const auth = await endpoint();
  const named = challenges.map((challenge) => challenge.replace("{auth}", `http://${auth.host}/token`));
  const registry = await startRegistry(image, [...faults, demand(named, accepted)]);
  t.after(() => Promise.all([auth.close(), registry.close()]));
  const open = async (login?: unknown): Promise<ManifestSource> => {
    const DOCKER_CONFIG = dockerConfig({ auths: login === undefined ? {} : { [registry.host]: login } });
    const source = await openRegistryImage(
      `${registry.host}/some/x`,
      openOptions({ environment: { DOCKER_CONFIG } }),
      quickTiming(),
    );
    t.after(() => source.close());
    return source;
  };
  return { registry, auth, open };
}

async function pull(source: ManifestSource): Promise<Buffer> {
  const blob = await source.blob({ mediaType: "any", digest: image.layerDigest, size: image.layer.length });
  assert.ok(blob.kind === "stream");
  return Buffer.concat(await Array.fromAsync(blob.open()));
}

function userError(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), secrets);
    return error instanceof UserError && error.code === code && message.test(error.message) && error.exitCode === 3;
  };
}

const bearer = 'Bearer realm="{auth}",service="test registry",scope="repository:some/x:pull,push,delete"';

function isToken(authorization: string | undefined): boolean {
  return /^Bearer token-\d$/.test(authorization ?? "");
}

test("Basic: asked for once, then sent with each request", async (t) => {
  const { registry, open } = await loopback(t, ['Basic realm="x"'], (authorization) => authorization === basic);
  assert.ok((await pull(await open(passwordLogin))).equals(image.layer));
  assert.deepEqual(
    registry.requests.map(({ headers }) => headers.authorization),
    [undefined, basic, basic],
  );
});

test("Bearer without a login: one token for our own scope, whatever the registry would like", async (t) => {
  const { registry, auth, open } = await loopback(t, [bearer], isToken);
  assert.ok((await pull(await open())).equals(image.layer));
  assert.deepEqual(
    auth.requests.map(({ method, path, headers }) => [method, path, headers.authorization]),
    [["GET", "/token?service=test+registry&scope=repository%3Asome%2Fx%3Apull", undefined]],
  );
  assert.deepEqual(
    registry.requests.map(({ headers }) => headers.authorization),
    [undefined, "Bearer token-1", "Bearer token-1"],
  );
});

test("Bearer with a password: Basic goes to the realm, the token to the registry", async (t) => {
  const { registry, auth, open } = await loopback(t, [bearer], isToken);
  await pull(await open(passwordLogin));
  assert.deepEqual(
    auth.requests.map(({ method, headers }) => [method, headers.authorization]),
    [["GET", basic]],
  );
  assert.equal(new URL(auth.requests[0]?.path ?? "", "http://x").searchParams.get("account"), "user");
  assert.doesNotMatch(JSON.stringify(registry.requests), secrets);
});

test("Bearer with an identity token: exchanged by POST, as a form", async (t) => {
  const answer = tokens((_, response) => response.end(JSON.stringify({ access_token: "token-9", refresh_token: "canary" })));
  const { registry, auth, open } = await loopback(t, [bearer], isToken, answer);
  await pull(await open(tokenLogin));
  const [request] = auth.requests;
  assert.deepEqual([request?.method, request?.path, request?.headers.authorization], ["POST", "/token", undefined]);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request?.body)), {
    grant_type: "refresh_token",
    refresh_token: "canary-identity",
    client_id: "deadweight",
    service: "test registry",
    scope: "repository:some/x:pull",
  });
  assert.doesNotMatch(JSON.stringify(registry.requests), secrets);
});

test("of several challenges the one that is known is taken, Bearer before Basic", async (t) => {
  const { auth, open } = await loopback(t, ["Negotiate abc=", 'Basic realm="x"', bearer], isToken);
  await pull(await open(passwordLogin));
  assert.equal(auth.requests.length, 1);
  const both = await loopback(t, [`Basic realm="x", ${bearer}`], isToken);
  await pull(await both.open(passwordLogin));
  assert.equal(both.auth.requests.length, 1);
});

test("a token that expires in the middle of a pull is renewed, and the blob goes on where it was", async (t) => {
  let used = 0;
  const once = (authorization: string | undefined): boolean =>
    isToken(authorization) && authorization === `Bearer token-${1 + used}`;
  const drop: Fault = (request, response, seen) => {
    const isFirst = request.url?.includes("/blobs/") === true && seen === 1;
    if (!isFirst) return false;
    used = 1;
    sendBlob(image.layer, request, response, 40_000);
    return true;
  };
  const { registry, auth, open } = await loopback(t, [bearer], once, tokens(), [drop]);
  assert.ok((await pull(await open())).equals(image.layer));
  assert.equal(auth.requests.length, 2);
  assert.deepEqual(
    registry.requests.slice(2).map(({ headers }) => [headers.authorization, headers.range]),
    [
      ["Bearer token-1", undefined],
      ["Bearer token-1", "bytes=40000-"],
      ["Bearer token-2", "bytes=40000-"],
    ],
  );
});

test("parallel pulls share one renewal", async (t) => {
  let expired = false;
  const accepted = (authorization: string | undefined): boolean => authorization === `Bearer token-${expired ? 2 : 1}`;
  const { auth, open } = await loopback(t, [bearer], accepted);
  const source = await open();
  expired = true;
  const pulls = await Promise.all([pull(source), pull(source), pull(source), pull(source)]);
  assert.ok(pulls.every((bytes) => bytes.equals(image.layer)));
  assert.equal(auth.requests.length, 2);
});

test("a login that is refused is not tried for ever", async (t) => {
  const never = await loopback(t, [bearer], () => false);
  await assert.rejects(
    never.open(passwordLogin),
    userError("unauthorized", /some\/x:latest: is not there or not for this login \(HTTP 401\)/),
  );
  assert.equal(never.registry.requests.length, 2);
  const wrong = await loopback(t, ['Basic realm="x"'], () => false);
  await assert.rejects(wrong.open(passwordLogin), userError("unauthorized", /HTTP 401/));
  const refused = await loopback(
    t,
    [bearer],
    () => false,
    tokens((_, response) => response.writeHead(401).end(basic)),
  );
  await assert.rejects(refused.open(passwordLogin), userError("unauthorized", /refuses the login for .* \(HTTP 401\)/));
  await assert.rejects(refused.open(), userError("unauthorized", /gives no token without a login for/));
});

test("a registry that wants what is not there says what to do", async (t) => {
  const hasHint = (error: unknown): boolean => error instanceof UserError && /docker login 127/.test(error.hint ?? "");
  const plain = await loopback(t, ['Basic realm="x"'], () => false);
  await assert.rejects(plain.open(), (error) => userError("unauthorized", /wants a login$/)(error) && hasHint(error));
  await assert.rejects(plain.open(tokenLogin), userError("unauthorized", /an identity token is stored/));
  const unknown = await loopback(t, ["Negotiate"], () => false);
  await assert.rejects(unknown.open(passwordLogin), userError("unauthorized", /not in a way that is known here/));
});

test("a token endpoint that fails for a moment is asked again", async (t) => {
  let count = 0;
  const flaky = tokens((_, response) => response.writeHead((count += 1) < 3 ? 503 : 200).end('{"token":"token-1"}'));
  const { auth, open } = await loopback(t, [bearer], isToken, flaky);
  await pull(await open());
  assert.equal(auth.requests.length, 3);
});

test("an answer that holds no proper token is refused", async (t) => {
  for (const [answer, code, message] of [
    ["{}", "unreadable", /holds no token/],
    ["canary", "unreadable", /holds no token/],
    ['{"token":"a\\r\\nx-evil: canary"}', "unreadable", /holds no token/],
    ['{"token":5}', "unreadable", /holds no token/],
    [`{"token":"${"x".repeat(1_100_000)}"}`, "limit", /its token: has more than 1048576 bytes/],
  ] as const) {
    const { open } = await loopback(
      t,
      [bearer],
      isToken,
      tokens((_, response) => response.end(answer)),
    );
    await assert.rejects(open(), userError(code, message), answer.slice(0, 40));
  }
  const nowhere = await loopback(t, ['Bearer realm="nowhere"'], isToken);
  await assert.rejects(nowhere.open(), userError("unreadable", /asks for a token from what is no address/));
});

const names = ["registry.example.com", "auth.example.com", "evil.example.net", "registry-1.docker.io", "auth.docker.io"];

interface Internet {
  readonly servers: Readonly<Record<string, TestServer>>;
  readonly open: (name: string, logins: Record<string, unknown>) => Promise<ManifestSource>;
}

/** Hosts with names and TLS behind a proxy: `name:port` to what answers there. `plain` speak no TLS. */
async function internet(
  t: TestContext,
  listeners: Readonly<Record<string, (certificate?: Certificate) => Promise<TestServer>>>,
  plain: readonly string[] = [],
): Promise<Internet | undefined> {
  const certificate = makeCertificate(names.map((name) => `DNS:${name}`));
  if (!certificate) {
    t.skip("openssl: not installed");
    return undefined;
  }
  const servers: Record<string, TestServer> = {};
  for (const [name, start] of Object.entries(listeners))
    servers[name] = await start(plain.includes(name) ? undefined : certificate);
  const ports = Object.fromEntries(Object.entries(servers).map(([name, { port }]) => [name, port]));
  const proxy = await startProxy(ports);
  const proxies = { HTTPS_PROXY: `http://${proxy.host}`, HTTP_PROXY: `http://${proxy.host}` };
  t.after(() => Promise.all([proxy, ...Object.values(servers)].map((server) => server.close())));
  const open = async (name: string, auths: Record<string, unknown>): Promise<ManifestSource> => {
    const environment = { ...proxies, SSL_CERT_FILE: certificate.certPath, DOCKER_CONFIG: dockerConfig({ auths }) };
    const source = await openRegistryImage(name, openOptions({ environment }), quickTiming());
    t.after(() => source.close());
    return source;
  };
  return { servers, open };
}

type Starter = (certificate?: Certificate) => Promise<TestServer>;

function registry(...faults: readonly Fault[]): Starter {
  return (certificate) => startRegistry(image, faults, certificate);
}

/** The registry wants Basic, and sends who asks for a blob elsewhere. */
function redirecting(location: string): Starter {
  const redirect: Fault = (request, response) => {
    if (!request.url?.includes("/blobs/")) return false;
    response.writeHead(307, { location }).end();
    return true;
  };
  return registry(
    demand('Basic realm="x"', (authorization) => authorization === basic),
    redirect,
  );
}

function wanting(realm: string): Starter {
  return registry(demand(`Bearer realm="${realm}",service="x"`, isToken));
}

const blobs: Starter = (certificate) => startServer((request, response) => sendBlob(image.layer, request, response), certificate);
const login = { "registry.example.com": passwordLogin };

test("the token endpoint of the same site gets the login, Docker Hub's too", async (t) => {
  const net = await internet(t, {
    "registry.example.com:443": wanting("https://auth.example.com/token"),
    "auth.example.com:443": tokens(),
    "registry-1.docker.io:443": wanting("https://auth.docker.io/token"),
    "auth.docker.io:443": tokens(),
  });
  if (!net) return;
  await pull(await net.open("registry.example.com/x", login));
  assert.equal(net.servers["auth.example.com:443"]?.requests[0]?.headers.authorization, basic);
  await pull(await net.open("debian", { "https://index.docker.io/v1/": passwordLogin }));
  assert.equal(net.servers["auth.docker.io:443"]?.requests[0]?.headers.authorization, basic);
  assert.match(net.servers["auth.docker.io:443"]?.requests[0]?.path ?? "", /scope=repository%3Alibrary%2Fdebian%3Apull/);
});

test("leak 1 (fault 10): a realm of another site gets neither password nor identity token", async (t) => {
  const net = await internet(t, {
    "registry.example.com:443": wanting("https://evil.example.net/token"),
    "evil.example.net:443": tokens(),
  });
  if (!net) return;
  for (const stored of [passwordLogin, tokenLogin]) {
    const opened = net.open("registry.example.com/x", { "registry.example.com": stored });
    await assert.rejects(
      opened,
      userError("unauthorized", /wants your login sent to https:\/\/evil\.example\.net, another site/),
    );
  }
  assert.equal(net.servers["evil.example.net:443"]?.requests.length, 0);
  assert.ok((await pull(await net.open("registry.example.com/x", {}))).equals(image.layer));
});

test("leak 2: a realm without TLS gets nothing, not even of the same host", async (t) => {
  const plain = "registry.example.com:80";
  const net = await internet(t, { "registry.example.com:443": wanting("http://registry.example.com/token"), [plain]: tokens() }, [
    plain,
  ]);
  if (!net) return;
  await assert.rejects(
    net.open("registry.example.com/x", login),
    userError("unauthorized", /sent to http:\/\/registry\.example\.com/),
  );
  await assert.rejects(
    net.open("registry.example.com/x", {}),
    userError("insecure", /leads to http:\/\/registry\.example\.com, which is not TLS/),
  );
  assert.equal(net.servers[plain]?.requests.length, 0);
});

test("leaks 3 and 4 (fault 9): a redirect to another host or another port leaves the login behind", async (t) => {
  for (const target of ["evil.example.net:443", "registry.example.com:8443"]) {
    const net = await internet(t, { "registry.example.com:443": redirecting(`https://${target}/blob`), [target]: blobs });
    if (!net) return;
    assert.ok((await pull(await net.open("registry.example.com/x", login))).equals(image.layer));
    assert.equal(net.servers[target]?.requests.length, 1);
    assert.equal(net.servers[target]?.requests[0]?.headers.authorization, undefined);
    assert.doesNotMatch(JSON.stringify(net.servers[target]?.requests), secrets);
  }
});

test("leak 5: a redirect to plain text is not followed, nor one to this machine", async (t) => {
  const local = await blobs();
  t.after(() => local.close());
  for (const target of ["http://registry.example.com/blob", `http://${local.host}/blob`, "file:///etc/passwd"]) {
    const plain = "registry.example.com:80";
    const net = await internet(t, { "registry.example.com:443": redirecting(target), [plain]: blobs }, [plain]);
    if (!net) return;
    await assert.rejects(pull(await net.open("registry.example.com/x", login)), userError("insecure", /which is not TLS/));
    assert.equal(net.servers[plain]?.requests.length, 0);
  }
  assert.equal(local.requests.length, 0);
});

test("leak 6: where a redirect leads may ask for a login, and gets none", async (t) => {
  for (const challenge of [
    'Basic realm="x"',
    'Bearer realm="https://evil.example.net/token"',
    'Bearer realm="https://auth.example.com/token"',
  ]) {
    const net = await internet(t, {
      "registry.example.com:443": redirecting("https://evil.example.net/blob"),
      "evil.example.net:443": registry(demand(challenge, () => false)),
      "auth.example.com:443": tokens(),
    });
    if (!net) return;
    const pulled = pull(await net.open("registry.example.com/x", login));
    await assert.rejects(pulled, userError("unauthorized", /HTTP 401 from evil\.example\.net/));
    assert.deepEqual(
      net.servers["evil.example.net:443"]?.requests.map(({ headers }) => headers.authorization),
      [undefined],
    );
    assert.equal(net.servers["auth.example.com:443"]?.requests.length, 0);
  }
});

test("leak 7: a token endpoint that redirects elsewhere takes no login with it", async (t) => {
  const elsewhere = tokens((_, response) => response.writeHead(307, { location: "https://evil.example.net/token" }).end());
  const net = await internet(t, {
    "registry.example.com:443": wanting("https://auth.example.com/token"),
    "auth.example.com:443": elsewhere,
    "evil.example.net:443": tokens(),
  });
  if (!net) return;
  await net.open("registry.example.com/x", login);
  const evil = net.servers["evil.example.net:443"]?.requests;
  assert.deepEqual(
    evil?.map(({ headers }) => headers.authorization),
    [undefined],
  );
  await assert.rejects(
    net.open("registry.example.com/x", { "registry.example.com": tokenLogin }),
    userError("unauthorized", /HTTP 307/),
  );
  assert.equal(evil?.length, 1);
  assert.doesNotMatch(JSON.stringify(evil), secrets);
});

test("leak 8: a redirect away and back does not bring the login back", async (t) => {
  const back: Fault = (request, response) => {
    if (request.url !== "/back") return false;
    sendBlob(image.layer, request, response);
    return true;
  };
  const away: Fault = (request, response) => {
    if (!request.url?.includes("/blobs/")) return false;
    response.writeHead(307, { location: "https://evil.example.net/" }).end();
    return true;
  };
  const net = await internet(t, {
    "registry.example.com:443": registry(
      back,
      demand('Basic realm="x"', (authorization) => authorization === basic),
      away,
    ),
    "evil.example.net:443": tokens((_, response) =>
      response.writeHead(307, { location: "https://registry.example.com/back" }).end(),
    ),
  });
  if (!net) return;
  assert.ok((await pull(await net.open("registry.example.com/x", login))).equals(image.layer));
  assert.equal(net.servers["registry.example.com:443"]?.requests.at(-1)?.path, "/back");
  assert.equal(net.servers["registry.example.com:443"]?.requests.at(-1)?.headers.authorization, undefined);
});
