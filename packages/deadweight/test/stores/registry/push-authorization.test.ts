import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { UserError } from "../../../src/lib/user-error.ts";
import { pushImage } from "../../../src/stores/registry/push-image.ts";
import { noise, outgoingImage, outgoingOf, writeOptions } from "../../support/outgoing.ts";
import { type PushRegistry, type PushRegistryOptions, startPushRegistry } from "../../support/push-registry.ts";
import { dockerConfig, makeCertificate, quickTiming, startServer, type TestServer } from "../../support/registry.ts";

const large = noise(3 * 1024 * 1024);
const outgoing = outgoingOf(outgoingImage([{ archive: large }]));
const layerDigest = outgoing.images[0]?.layers[0]?.descriptor.digest ?? "";
const basic = `Basic ${Buffer.from("user:canary").toString("base64")}`;

function login(host: string, entry: object = { auth: basic.slice(6) }): Readonly<Record<string, string>> {
  return { DOCKER_CONFIG: dockerConfig({ auths: { [host]: entry } }) };
}

/** A token endpoint that numbers its tokens. */
async function startTokens(t: TestContext): Promise<TestServer> {
  let count = 0;
  const endpoint = await startServer((_, response) => response.end(JSON.stringify({ token: `token-${++count}` })));
  t.after(() => endpoint.close());
  return endpoint;
}

function bearer({ host }: TestServer): string {
  return `Bearer realm="http://${host}/token",service="test",scope="registry:catalog:*"`;
}

async function push({ host }: PushRegistry, what = outgoing, entry?: object): Promise<string> {
  return pushImage(`${host}/team/app:1`, what, writeOptions({ environment: login(host, entry) }), quickTiming());
}

const scopesOf = ({ requests }: TestServer): readonly (readonly string[])[] =>
  requests.map(({ path, body }) =>
    new URL(path, "http://x").searchParams.getAll("scope").concat(new URLSearchParams(body).getAll("scope")),
  );

test("the token is asked for to pull and push, in this repository alone", async (t) => {
  const tokens = await startTokens(t);
  const challenge = (request: IncomingMessage): string | undefined =>
    request.headers.authorization === "Bearer token-1" ? undefined : bearer(tokens);
  const registry = await startPushRegistry(t, { challenge });
  await push(registry);
  assert.ok(registry.manifests.has("1"));
  assert.deepEqual(scopesOf(tokens), [["repository:team/app:pull,push"]]);
  assert.equal(tokens.requests[0]?.headers.authorization, basic);
});

test("a mount asks for a token that also reads the other repository", async (t) => {
  const mounted = (host: string): typeof outgoing =>
    outgoingOf(outgoingImage([{ archive: large, mountFrom: `${host}/team/base` }]));
  for (const entry of [undefined, { identitytoken: "canary" }]) {
    const tokens = await startTokens(t);
    const challenge = (request: IncomingMessage): string | undefined =>
      request.headers.authorization === undefined ? bearer(tokens) : undefined;
    const registry = await startPushRegistry(t, { challenge, elsewhere: [`team/base ${layerDigest}`] });
    await push(registry, mounted(registry.host), entry);
    const both = ["repository:team/app:pull,push", "repository:team/base:pull"];
    // The token document repeats the parameter, the OAuth2 document puts a space between.
    assert.deepEqual(scopesOf(tokens), [["repository:team/app:pull,push"], entry === undefined ? both : [both.join(" ")]]);
    assert.equal(registry.log.includes("PATCH upload 202"), false);
  }
});

test("a token that may not read the other repository is no reason not to push", async (t) => {
  const tokens = await startServer((request, response) => {
    if (request.url?.includes("base") === true) response.writeHead(403).end();
    else response.end(JSON.stringify({ token: "token" }));
  });
  t.after(() => tokens.close());
  const challenge = (request: IncomingMessage): string | undefined =>
    request.headers.authorization === undefined ? bearer(tokens) : undefined;
  const registry = await startPushRegistry(t, { challenge });
  await push(registry, outgoingOf(outgoingImage([{ archive: large, mountFrom: `${registry.host}/team/base` }])));
  assert.ok(registry.blobs.get(layerDigest)?.equals(large));
});

for (const kind of ["PATCH", "PUT"]) {
  test(`a token that expires before a ${kind} is renewed, and the ${kind} is sent whole once more`, async (t) => {
    const tokens = await startTokens(t);
    let accepted = "Bearer token-1";
    const challenge = (request: IncomingMessage): string | undefined => {
      if (request.method === kind && accepted === "Bearer token-1") accepted = "Bearer token-2";
      return request.headers.authorization === accepted ? undefined : bearer(tokens);
    };
    const registry = await startPushRegistry(t, { challenge });
    await push(registry);
    assert.ok(registry.blobs.get(layerDigest)?.equals(large));
    assert.ok(registry.manifests.has("1"));
    assert.equal(tokens.requests.length, 2);
  });
}

test("a login that is refused is told", async (t) => {
  const registry = await startPushRegistry(t, { challenge: () => 'Basic realm="x"' });
  await assert.rejects(push(registry), (error) => {
    assert.doesNotMatch(inspect(error, { depth: 9 }), /canary|dXNlcjpjYW5hcnk/);
    return error instanceof UserError && error.code === "unauthorized" && /docker login/.test(error.hint ?? "");
  });
});

test("an upload that goes on at another host gets the bytes and not the login", async (t) => {
  const store = await startPushRegistry(t);
  const challenge = (request: IncomingMessage): string | undefined =>
    request.headers.authorization === basic ? undefined : 'Basic realm="x"';
  const registry = await startPushRegistry(t, { challenge, locate: (path) => `http://user:canary@${store.host}${path}` });
  await assert.rejects(push(registry), { code: "unreachable" });
  const seen = store.requests.filter(({ path }) => path.includes("/uploads/"));
  assert.ok(seen.length > 0);
  assert.deepEqual([...new Set(seen.map(({ headers }) => headers.authorization))], [undefined]);
});

test("with TLS, an upload goes on with TLS, though the registry believes otherwise; never at another host without", async (t) => {
  const certificate = makeCertificate(["IP:127.0.0.1", "DNS:localhost"]);
  if (certificate === undefined) return t.skip("openssl: not installed");
  const start = async (locate: PushRegistryOptions["locate"]): Promise<PushRegistry> =>
    startPushRegistry(t, { certificate, ...(locate === undefined ? {} : { locate }) });
  const send = ({ host }: PushRegistry): Promise<string> =>
    pushImage(
      `${host}/team/app:1`,
      outgoing,
      writeOptions({ environment: { SSL_CERT_FILE: certificate.certPath } }),
      quickTiming(),
    );
  const confused = await start((path) => `http://127.0.0.1${path}`);
  await send(confused);
  assert.ok(confused.blobs.get(layerDigest)?.equals(large));
  const elsewhere = await start((path) => `http://registry.example${path}`);
  await assert.rejects(send(elsewhere), { code: "insecure", message: /leads to http:\/\/registry\.example/ });
  return undefined;
});
