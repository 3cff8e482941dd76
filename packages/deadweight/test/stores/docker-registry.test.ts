import assert from "node:assert/strict";
import { createPrivateKey, sign } from "node:crypto";
import { type TestContext, test } from "node:test";
import { defaultLimits } from "../../src/archive/limits.ts";
import { completeImage } from "../../src/image/complete.ts";
import { UserError } from "../../src/lib/user-error.ts";
import { parseReference } from "../../src/model/reference.ts";
import { dockerRegistry } from "../../src/stores/docker-registry.ts";
import {
  type Certificate,
  dockerConfig,
  htpasswdAuth,
  isInstalled,
  makeCertificate,
  openOptions,
  pushWithSkopeo,
  startRealRegistry,
  startServer,
  testImage,
  type TestServer,
} from "../support/registry.ts";

const image = testImage(3_000_000);
const basic = `Basic ${Buffer.from("user:password").toString("base64")}`;
const login = ["--dest-creds", "user:password"];
const platform = { os: "linux", architecture: "amd64" };

function missing(...programs: readonly string[]): string | undefined {
  const absent = programs.find((program) => !isInstalled(program));
  return absent && `${absent}: not installed`;
}

/** Reads the image as `analyze` does, by tag and by digest, and all bytes of its layer. */
async function readAll(name: string, environment: Record<string, string>): Promise<void> {
  for (const reference of [`${name}:1`, `${name}@${image.manifestDigest}`]) {
    const source = await dockerRegistry.open(reference, openOptions({ environment }));
    const whole = await completeImage(source, platform, defaultLimits);
    assert.equal(whole.digest, image.manifestDigest);
    assert.equal(whole.layers[0]?.digest, image.layerDigest);
    const blob = whole.layers[0]?.blob;
    assert.ok(blob?.kind === "stream");
    assert.ok(Buffer.concat(await Array.fromAsync(blob.open())).equals(image.layer));
    await source.close();
  }
}

test("Debian's docker-registry with htpasswd: pushed by skopeo, read with the login, refused without", async (t) => {
  const reason = missing("docker-registry", "htpasswd", "skopeo");
  if (reason) return t.skip(reason);
  const registry = await startRealRegistry(htpasswdAuth("user", "password"));
  t.after(() => registry.close());
  const name = `${registry.host}/team/image`;
  await pushWithSkopeo(image, `${name}:1`, login);
  const configWith = (auth: string): Record<string, string> => ({
    DOCKER_CONFIG: dockerConfig({ auths: { [registry.host]: { auth: auth.replace("Basic ", "") } } }),
  });
  await readAll(name, configWith(basic));
  const failures = [
    [`${name}:1`, {}, "unauthorized"],
    [`${name}:1`, configWith(Buffer.from("user:wrong").toString("base64")), "unauthorized"],
    [`${name}:gone`, configWith(basic), "not-found"],
  ] as const;
  for (const [reference, environment, code] of failures) {
    const opened = dockerRegistry.open(reference, openOptions({ environment }));
    await assert.rejects(opened, (error) => error instanceof UserError && error.code === code && error.exitCode === 3);
  }
  return undefined;
});

test("Debian's docker-registry with tokens: asks our token endpoint, and takes what it signed", async (t) => {
  const certificate = makeCertificate(["DNS:deadweight.test"]);
  const reason = certificate ? missing("docker-registry", "skopeo") : "openssl: not installed";
  if (reason !== undefined || !certificate) return t.skip(reason);
  const endpoint = await startTokenEndpoint(t, certificate);
  const token = `realm: http://${endpoint.host}/token\n    service: test\n    issuer: deadweight\n`;
  const registry = await startRealRegistry(`auth:\n  token:\n    ${token}    rootcertbundle: ${certificate.certPath}\n`);
  t.after(() => registry.close());
  const name = `${registry.host}/team/image`;
  await pushWithSkopeo(image, `${name}:1`, login);
  const DOCKER_CONFIG = dockerConfig({ auths: { [registry.host]: { username: "user", password: "password" } } });
  await readAll(name, { DOCKER_CONFIG });
  const before = endpoint.requests.length;
  const anonymous = dockerRegistry.open(`${name}:1`, openOptions());
  await assert.rejects(anonymous, (error) => error instanceof UserError && error.code === "unauthorized");
  assert.equal(endpoint.requests.length, before + 1);
  return undefined;
});

/** Signs what is asked for when the login is right, and nothing otherwise, as the distribution project's token document says. */
async function startTokenEndpoint(t: TestContext, certificate: Certificate): Promise<TestServer> {
  const endpoint = await startServer((request, response) => {
    const url = new URL(request.url ?? "", "http://x");
    const scopes = request.headers.authorization === basic ? url.searchParams.getAll("scope") : [];
    response.end(JSON.stringify({ token: signedToken(scopes, certificate) }));
  });
  t.after(() => endpoint.close());
  return endpoint;
}

function signedToken(scopes: readonly string[], { key, cert }: Certificate): string {
  const chain = cert.replace(/-----(BEGIN|END) CERTIFICATE-----|\s/g, "");
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.map((scope) => {
    const [type, name, actions] = scope.split(":");
    return { type, name, actions: actions?.split(",") };
  });
  const claims = { iss: "deadweight", sub: "user", aud: "test", exp: now + 60, nbf: now - 10, iat: now, jti: "1", access };
  const parts = [{ typ: "JWT", alg: "ES256", x5c: [chain] }, claims];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const signature = sign("sha256", Buffer.from(text), { key: createPrivateKey(key), dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

test("docker:// leads to it, and it claims no files", () => {
  assert.equal(parseReference("docker://registry.example/a/b:1").scheme, dockerRegistry.scheme);
  assert.equal(dockerRegistry.recognises, undefined);
});
