import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { defaultLimits } from "../../../src/archive/limits.ts";
import type { ManifestSource, OpenOptions } from "../../../src/contracts/store.ts";
import { completeImage } from "../../../src/image/complete.ts";
import { UserError } from "../../../src/lib/user-error.ts";
import { openRegistryImage } from "../../../src/stores/registry/open-registry-image.ts";
import {
  digestOf,
  type Fault,
  makeCertificate,
  ociManifestType,
  openOptions,
  quickTiming,
  startProxy,
  startRegistry,
  startServer,
  testImage,
  type TestServer,
} from "../../support/registry.ts";

const image = testImage();
const indexType = "application/vnd.oci.image.index.v1+json";
const platform = { os: "linux", architecture: "amd64" };

async function registryWith(t: TestContext, ...faults: readonly Fault[]): Promise<TestServer> {
  const registry = await startRegistry(image, faults);
  t.after(() => registry.close());
  return registry;
}

async function opened(
  t: TestContext,
  name: string,
  options: Partial<OpenOptions> = {},
  timing = quickTiming(),
): Promise<ManifestSource> {
  const source = await openRegistryImage(name, openOptions(options), timing);
  t.after(() => source.close());
  return source;
}

/** Answers for manifests in place of the registry: status, headers, body. */
function manifests(
  reply: (id: string, seen: number) => readonly [number, Record<string, string>, string | Uint8Array] | undefined,
): Fault {
  return (request, response, seen) => {
    const id = /\/manifests\/(.*)$/.exec(request.url ?? "")?.[1];
    const answer = id === undefined ? undefined : reply(id, seen);
    if (answer) response.writeHead(answer[0], answer[1]).end(answer[2]);
    return answer !== undefined;
  };
}

function userError(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof UserError && error.code === code && message.test(error.message) && error.exitCode === 3;
}

test("an image is read by tag and by digest", async (t) => {
  const registry = await registryWith(t);
  const source = await opened(t, `${registry.host}/some/name:1`);
  assert.equal(source.reference, `docker://${registry.host}/some/name:1`);
  assert.deepEqual(
    { ...source.root, bytes: Buffer.from(source.root.bytes) },
    { bytes: image.manifest, mediaType: ociManifestType },
  );
  const whole = await completeImage(source, platform, defaultLimits);
  assert.equal(whole.digest, image.manifestDigest);
  assert.deepEqual(Buffer.from(whole.configBytes), image.config);
  const byDigest = await opened(t, `${registry.host}/some/name:gone@${image.manifestDigest}`);
  assert.equal(byDigest.root.digest, image.manifestDigest);
  assert.equal(registry.requests.at(-1)?.path, `/v2/some/name/manifests/${image.manifestDigest}`);
});

test("manifests and indexes of OCI and Docker are asked for, schema 1 is not", async (t) => {
  const registry = await registryWith(t);
  await opened(t, `${registry.host}/x`);
  assert.deepEqual(registry.requests.at(-1)?.headers.accept?.split(", "), [
    indexType,
    "application/vnd.docker.distribution.manifest.list.v2+json",
    ociManifestType,
    "application/vnd.docker.distribution.manifest.v2+json",
  ]);
});

test("an index leads to the manifest of the platform", async (t) => {
  const manifest = { mediaType: ociManifestType, digest: image.manifestDigest, size: image.manifest.length, platform };
  const other = { ...manifest, digest: digestOf(Buffer.from("other")), platform: { os: "linux", architecture: "arm64" } };
  const index = JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [other, manifest] });
  const registry = await registryWith(
    t,
    manifests((id) => (id === "multi" ? [200, { "content-type": indexType }, index] : undefined)),
  );
  const whole = await completeImage(await opened(t, `${registry.host}/x:multi`), platform, defaultLimits);
  assert.equal(whole.digest, image.manifestDigest);
});

test("fault 2, manifest 429 twice: waits as it is told", async (t) => {
  const registry = await registryWith(
    t,
    manifests((_, seen) => (seen <= 2 ? [429, { "retry-after": "3" }, "slow down"] : undefined)),
  );
  const timing = quickTiming();
  assert.ok(await opened(t, `${registry.host}/x`, {}, timing));
  assert.deepEqual(timing.waits, [3000, 3000]);
});

test("fault 4, manifest 500 once", async (t) => {
  const registry = await registryWith(
    t,
    manifests((_, seen) => (seen === 1 ? [500, {}, "oh"] : undefined)),
  );
  const timing = quickTiming();
  assert.ok(await opened(t, `${registry.host}/x`, {}, timing));
  assert.deepEqual(timing.waits, [500]);
});

test("a manifest whose connection drops is asked for again", async (t) => {
  const registry = await registryWith(t, (request, response, seen) => {
    if (seen > 1 || !request.url?.includes("/manifests/")) return false;
    response.writeHead(200, { "content-length": 500 }).write("{", () => response.socket?.destroySoon());
    return true;
  });
  assert.equal((await opened(t, `${registry.host}/x`)).root.bytes.length, image.manifest.length);
});

test("fault 11, a manifest of 300 MB is refused at 4 MiB, whether its size is said or not", async (t) => {
  const declared = await registryWith(t, (request, response) => {
    if (!request.url?.includes("/manifests/")) return false;
    response.writeHead(200, { "content-length": 300_000_000 }).write("{");
    return true;
  });
  await assert.rejects(
    openRegistryImage(`${declared.host}/x`, openOptions(), quickTiming()),
    userError("limit", /more than 4194304 bytes/),
  );
  const endless = await registryWith(t, (request, response) => {
    if (!request.url?.includes("/manifests/")) return false;
    const spaces = Buffer.alloc(65_536, " ");
    const more = (): void => {
      if (!response.destroyed) response.write(spaces, more);
    };
    more();
    return true;
  });
  await assert.rejects(
    openRegistryImage(`${endless.host}/x`, openOptions(), quickTiming()),
    userError("limit", /more than 4194304 bytes/),
  );
});

test("fault 12, a manifest by digest with other bytes is found out, whatever its digest header says", async (t) => {
  const changed = Buffer.from(`${image.manifest.toString()} `);
  const headers = { "content-type": ociManifestType, "docker-content-digest": image.manifestDigest };
  const registry = await registryWith(
    t,
    manifests(() => [200, headers, changed]),
  );
  const source = await opened(t, `${registry.host}/x@${image.manifestDigest}`);
  await assert.rejects(completeImage(source, platform, defaultLimits), userError("digest-mismatch", /manifest/));
});

test("what is not there, not allowed, or no manifest says so once", async (t) => {
  const replies: readonly (readonly [number, Record<string, string>, string, string, RegExp])[] = [
    [404, {}, "{}", "not-found", /x:latest: is not there \(HTTP 404\)/],
    [403, {}, "{}", "unauthorized", /x:latest: is not there or not for this login \(HTTP 403\)/],
    [418, {}, "", "unreadable", /answered HTTP 418/],
    [501, {}, "", "unreadable", /answered HTTP 501/],
    [200, { "content-type": "text/html" }, "<html>", "unreadable", /sent as text\/html/],
    [
      200,
      { "content-type": ociManifestType },
      '{"mediaType":"application/vnd.oci.image.index.v1+json"}',
      "unreadable",
      /several media types/,
    ],
    [200, {}, '{"schemaVersion":1}', "unsupported", /schema 1/],
  ];
  for (const [status, headers, body, code, message] of replies) {
    const registry = await registryWith(
      t,
      manifests(() => [status, headers, body]),
    );
    await assert.rejects(openRegistryImage(`${registry.host}/x`, openOptions(), quickTiming()), userError(code, message));
    assert.equal(registry.requests.length, 1);
  }
});

test("a child manifest must be of the type that the index says", async (t) => {
  const registry = await registryWith(t);
  const source = await opened(t, `${registry.host}/x`);
  const descriptor = { mediaType: indexType, digest: image.manifestDigest, size: image.manifest.length };
  await assert.rejects(source.manifest(descriptor), userError("unreadable", /several media types/));
  assert.deepEqual(Buffer.from(await source.manifest({ ...descriptor, mediaType: ociManifestType })), image.manifest);
});

test("a foreign layer's address is never asked, and a digest that is none never becomes an address", async (t) => {
  const elsewhere = await startServer((_, response) => response.end("x"));
  t.after(() => elsewhere.close());
  const registry = await registryWith(t);
  const source = await opened(t, `${registry.host}/x`);
  const layer = { mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar", digest: image.layerDigest, size: 1000 };
  await assert.rejects(
    source.blob({ ...layer, urls: [`http://${elsewhere.host}/`] }),
    userError("unsupported", /is a foreign layer/),
  );
  assert.equal((await source.blob({ ...layer, urls: [] })).size, 1000);
  for (const digest of ["sha256:../../../../v2/_catalog", "latest", ""]) {
    await assert.rejects(source.blob({ ...layer, digest }), userError("unreadable", /is not a digest/));
    await assert.rejects(source.manifest({ ...layer, digest }), userError("unreadable", /is not a digest/));
  }
  assert.equal(elsewhere.requests.length, 0);
  assert.equal(registry.requests.length, 1);
});

test("a bad reference is a mistake in usage, an unreachable registry is not", async () => {
  const bad = openRegistryImage("registry.example/UPPER", openOptions(), quickTiming());
  await assert.rejects(bad, (error) => error instanceof UserError && error.code === "invalid-reference" && error.exitCode === 2);
  const gone = await startServer(() => undefined);
  await gone.close();
  const refused = openRegistryImage(`${gone.host}/x`, openOptions(), quickTiming());
  await assert.rejects(refused, userError("unreachable", /x:latest: connect ECONNREFUSED 127\.0\.0\.1:\d+, 5 attempts/));
});

test("an aborted signal ends it at once, also between attempts", async (t) => {
  const aborted = { signal: AbortSignal.abort() };
  const registry = await registryWith(
    t,
    manifests(() => [503, {}, ""]),
  );
  await assert.rejects(openRegistryImage(`${registry.host}/x`, openOptions(aborted), quickTiming()), { name: "AbortError" });
  const controller = new AbortController();
  const wait = (_: number, signal: AbortSignal): Promise<void> => {
    controller.abort();
    return Promise.reject(signal.reason as Error);
  };
  const stopped = openRegistryImage(`${registry.host}/x`, openOptions({ signal: controller.signal }), quickTiming({ wait }));
  await assert.rejects(stopped, { name: "AbortError" });
  const reason = Object.assign(new Error("stopped by the user"), { code: "ESTOP" });
  const own = openRegistryImage(`${registry.host}/x`, openOptions({ signal: AbortSignal.abort(reason) }), quickTiming());
  await assert.rejects(own, (error) => error === reason);
});

test("TLS is trusted by SSL_CERT_FILE and NODE_EXTRA_CA_CERTS alone, and plain text is no way out", async (t) => {
  const certificate = makeCertificate(["IP:127.0.0.1"]);
  if (!certificate) return t.skip("openssl: not installed");
  const registry = await startRegistry(image, [], certificate);
  t.after(() => registry.close());
  for (const name of ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"]) {
    const source = await opened(t, `${registry.host}/x`, { environment: { [name]: certificate.certPath } });
    assert.equal(source.root.bytes.length, image.manifest.length, name);
  }
  const untrusted = openRegistryImage(`${registry.host}/x`, openOptions(), quickTiming());
  await assert.rejects(untrusted, userError("unreachable", /^127\.0\.0\.1:\d+: self-signed certificate$/));
  const missing = openRegistryImage(
    `${registry.host}/x`,
    openOptions({ environment: { SSL_CERT_FILE: "/nonexistent" } }),
    quickTiming(),
  );
  await assert.rejects(missing, (error) => error instanceof UserError && error.exitCode === 2 && error.code === "configuration");
});

test("a registry that is not loopback is spoken to over TLS alone, unless it is named insecure", async (t) => {
  const registry = await registryWith(t);
  const proxy = await startProxy({ "registry.test:80": registry.port, "registry.test:443": registry.port });
  t.after(() => proxy.close());
  const environment = { HTTP_PROXY: `http://${proxy.host}`, https_proxy: proxy.host };
  await assert.rejects(
    openRegistryImage("registry.test/x", openOptions({ environment }), quickTiming()),
    userError("unreachable", /^registry\.test\/x:latest: it does not speak TLS$/),
  );
  assert.equal(registry.requests.length, 0);
  for (const [name, insecure] of [
    ["registry.test", ["registry.test"]],
    ["registry.test:80", ["other.test", "registry.test:80"]],
    ["registry.test", true],
  ] as const) {
    const source = await opened(t, `${name}/x`, { environment, insecure });
    assert.equal(source.root.bytes.length, image.manifest.length);
  }
  await assert.rejects(
    openRegistryImage("registry.test/x", openOptions({ environment, insecure: ["other.test"] }), quickTiming()),
    userError("unreachable", /^registry\.test\/x:latest: it does not speak TLS$/),
  );
});

test("proxies are used but for loopback and NO_PROXY, and a proxy that is none is a mistake in configuration", async (t) => {
  const registry = await registryWith(t);
  const proxy = await startProxy({});
  t.after(() => proxy.close());
  const proxied = { HTTPS_PROXY: `http://${proxy.host}`, HTTP_PROXY: `http://${proxy.host}` };
  await opened(t, `${registry.host}/x`, { environment: proxied });
  assert.equal(proxy.requests.length, 0);
  const excluded = openRegistryImage(
    "registry.invalid/x",
    openOptions({ environment: { ...proxied, NO_PROXY: "invalid" } }),
    quickTiming(),
  );
  await assert.rejects(excluded, userError("unreachable", /registry\.invalid/));
  assert.equal(proxy.requests.length, 0);
  const through = openRegistryImage("registry.invalid/x", openOptions({ environment: proxied }), quickTiming());
  await assert.rejects(through, userError("unreachable", /registry\.invalid.*, 5 attempts/));
  assert.deepEqual(new Set(proxy.requests.map(({ path }) => path)), new Set(["registry.invalid:443"]));
  const wrong = openRegistryImage("x.test/x", openOptions({ environment: { HTTPS_PROXY: "ftp://u:canary@x" } }), quickTiming());
  await assert.rejects(wrong, (error) => error instanceof UserError && error.exitCode === 2 && !error.message.includes("canary"));
});
