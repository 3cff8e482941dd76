import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Outgoing, WriteOptions } from "../../../src/contracts/store.ts";
import { UserError } from "../../../src/lib/user-error.ts";
import { pushImage } from "../../../src/stores/registry/push-image.ts";
import { lying, noise, outgoingImage, outgoingOf, streamOf, writeOptions } from "../../support/outgoing.ts";
import {
  type Drop,
  failing,
  type PushRegistry,
  type PushRegistryOptions,
  startPushRegistry,
} from "../../support/push-registry.ts";
import { quickTiming } from "../../support/registry.ts";

const MiB = 1024 * 1024;
const large = noise(5 * MiB);
const image = outgoingImage([{ archive: large }]);
const outgoing = outgoingOf(image);
const layerDigest = image.layers[0]?.descriptor.digest ?? "";
const configDigest = image.config.descriptor.digest;
const manifestDigest = image.manifest.descriptor.digest;

interface Pushed {
  readonly registry: PushRegistry;
  readonly push: (what?: Outgoing, options?: Partial<WriteOptions>) => Promise<string>;
  readonly waits: readonly number[];
}

async function registryWith(t: TestContext, options: PushRegistryOptions = {}, stallMs = 5000): Promise<Pushed> {
  const registry = await startPushRegistry(t, options);
  const timing = quickTiming({ stallMs });
  const push: Pushed["push"] = (what = outgoing, changes = {}) =>
    pushImage(`${registry.host}/team/app:1`, what, writeOptions(changes), timing);
  return { registry, push, waits: timing.waits };
}

/** The layer is there byte for byte, and the tag leads to the manifest. */
function assertWhole({ blobs, manifests, uploads }: PushRegistry): void {
  assert.ok(blobs.get(layerDigest)?.equals(large));
  assert.ok(blobs.get(configDigest)?.equals(image.config.bytes));
  assert.deepEqual([...manifests.keys()], [manifestDigest, "1"]);
  assert.ok(manifests.get("1")?.equals(image.manifest.bytes));
  assert.equal(uploads.size, 0);
}

async function assertFails(pushed: Pushed, code: string, message: RegExp, what?: Outgoing): Promise<UserError> {
  let thrown: unknown;
  await assert.rejects(pushed.push(what), (error) => {
    thrown = error;
    return true;
  });
  assert.ok(thrown instanceof UserError, String(thrown));
  assert.equal(thrown.code, code);
  assert.match(thrown.message, message);
  // The tag is not there, whatever happened.
  assert.equal(pushed.registry.manifests.has("1"), false);
  return thrown;
}

const patches = ({ requests }: PushRegistry): readonly (readonly [range: string | undefined, length: string | undefined])[] =>
  requests.filter(({ method }) => method === "PATCH").map(({ headers }) => [headers["content-range"], headers["content-length"]]);

test("blobs, the manifest by its digest, the tag last", async (t) => {
  const { registry, push } = await registryWith(t);
  const told: number[] = [];
  const reference = await push(outgoing, { onProgress: (_, done) => told.push(done) });
  assert.equal(reference, `docker://${registry.host}/team/app:1`);
  assertWhole(registry);
  assert.deepEqual(registry.log.slice(-3), ["PUT manifest 201", "HEAD manifest 404", "PUT manifest 201"]);
  const puts = registry.requests.filter(({ method, path }) => method === "PUT" && path.includes("/manifests/"));
  assert.deepEqual(
    puts.map(({ path, headers }) => [path, headers["content-type"]]),
    [manifestDigest, "1"].map((id) => [`/v2/team/app/manifests/${id}`, image.manifest.descriptor.mediaType]),
  );
  const total = large.length + image.config.bytes.length;
  assert.equal(told[0], 0);
  assert.equal(told.at(-1), total);
  assert.deepEqual(
    told,
    told.toSorted((one, other) => one - other),
  );
});

test("a large blob goes as Docker sends it, whole and without Content-Range; a small one with one PUT", async (t) => {
  const { registry, push } = await registryWith(t);
  await push();
  assert.deepEqual(patches(registry), [[undefined, undefined]]);
  const puts = registry.requests.filter(({ method, path }) => method === "PUT" && path.includes("/uploads/"));
  assert.deepEqual(
    puts.map(({ received }) => received).toSorted((one, other) => one - other),
    [0, image.config.bytes.length],
  );
});

test("an index: each image by its digest, then the index, then the tag", async (t) => {
  const { registry, push } = await registryWith(t);
  const both = outgoingOf(image, outgoingImage([{ archive: large }, { archive: noise(10) }], { architecture: "arm64" }));
  await push(both);
  const digests = [...both.images.map(({ manifest }) => manifest.descriptor.digest), both.index?.descriptor.digest ?? ""];
  assert.deepEqual([...registry.manifests.keys()], [...digests, "1"]);
  assert.ok(registry.manifests.get("1")?.equals(both.index?.bytes ?? new Uint8Array()));
  // The layer that both have is sent once.
  assert.equal(patches(registry).length, 1);
});

test("what is there is not sent again, and a tag is not replaced without force", async (t) => {
  const pushed = await registryWith(t);
  await pushed.push();
  const sent = pushed.registry.log.length;
  await assert.rejects(
    pushed.push(),
    (error) => error instanceof UserError && error.code === "exists" && error.exitCode === 2 && /--force/.test(error.hint ?? ""),
  );
  assert.deepEqual(pushed.registry.log.slice(sent), ["HEAD manifest 200"]);
  await pushed.push(outgoing, { force: true });
  assert.deepEqual(
    pushed.registry.log.slice(sent + 1).toSorted(),
    ["HEAD blob 200", "HEAD blob 200", "PUT manifest 201", "PUT manifest 201"].toSorted(),
  );
});

test("a tag that somebody else pushes meanwhile stays", async (t) => {
  const pushed = await registryWith(t, {
    faults: { "HEAD manifest": (_, response, seen) => seen === 2 && Boolean(response.writeHead(200).end()) },
  });
  await assertFails(pushed, "exists", /team\/app:1: is there already/);
});

test("a digest can be pushed to when it is the image's own, and no other", async (t) => {
  const { registry } = await registryWith(t);
  const push = (digest: string): Promise<string> =>
    pushImage(`${registry.host}/team/app@${digest}`, outgoing, writeOptions(), quickTiming());
  await assert.rejects(push(configDigest), { code: "bad-reference", exitCode: 2 });
  assert.equal(await push(manifestDigest), `docker://${registry.host}/team/app@${manifestDigest}`);
  assert.deepEqual([...registry.manifests.keys()], [manifestDigest]);
});

test("a blob of another repository of the same registry is mounted", async (t) => {
  const registry = await startPushRegistry(t, { elsewhere: [`team/base ${layerDigest}`] });
  const mounted = outgoingOf(outgoingImage([{ archive: large, mountFrom: `${registry.host}/team/base` }]));
  await pushImage(`${registry.host}/team/app:1`, mounted, writeOptions(), quickTiming());
  const posts = registry.requests.filter(({ method, path }) => method === "POST" && path.includes("mount"));
  assert.deepEqual(
    posts.map(({ path }) => path),
    [`/v2/team/app/blobs/uploads/?mount=${encodeURIComponent(layerDigest)}&from=team%2Fbase`],
  );
  assert.deepEqual(patches(registry), []);
  assert.ok(registry.manifests.has("1"));
});

test("what can't be mounted is uploaded", async (t) => {
  for (const from of ["HOST/team/base", "HOST/team/app", "other.example/team/base"]) {
    const registry = await startPushRegistry(t);
    const mountFrom = from.replace("HOST", registry.host);
    const mounted = outgoingOf(outgoingImage([{ archive: large, mountFrom }]));
    await pushImage(`${registry.host}/team/app:1`, mounted, writeOptions(), quickTiming());
    assertWhole(registry);
    const asked = registry.requests.some(({ path }) => path.includes("mount="));
    assert.equal(asked, from === "HOST/team/base", from);
  }
  const refusing = await startPushRegistry(t, {
    faults: {
      "POST upload": (request, response) => request.url?.includes("mount=") === true && Boolean(response.writeHead(403).end()),
    },
  });
  const mounted = outgoingOf(outgoingImage([{ archive: large, mountFrom: `${refusing.host}/team/base` }]));
  await pushImage(`${refusing.host}/team/app:1`, mounted, writeOptions(), quickTiming());
  assertWhole(refusing);
});

const drops: readonly (readonly [name: string, drop: Drop, ranges: readonly (string | undefined)[]])[] = [
  ["once, at 2 MiB", (seen) => (seen === 1 ? 2 * MiB : undefined), [undefined, `${2 * MiB}-${5 * MiB - 1}`]],
  [
    "after each 512 KiB, nine times",
    (seen) => (seen <= 9 ? MiB / 2 : undefined),
    [undefined, ...Array.from({ length: 9 }, (_, index) => `${((index + 1) * MiB) / 2}-${5 * MiB - 1}`)],
  ],
  ["before the first byte", (seen) => (seen === 1 ? 1 : undefined), [undefined, undefined]],
];
for (const [name, drop, ranges] of drops) {
  test(`a connection that drops in the middle of a PATCH, ${name}: goes on where the registry is`, async (t) => {
    // One byte and none look the same in a registry's answer: the upload then begins anew.
    const { registry, push, waits } = await registryWith(t, { drop });
    await push();
    assertWhole(registry);
    assert.deepEqual(
      patches(registry)
        .map(([range]) => range)
        .slice(0, ranges.length),
      ranges,
    );
    assert.ok(waits.every((ms) => ms <= 1000));
  });
}

test("connections that bring nothing end after five attempts, and the upload is cancelled", async (t) => {
  const pushed = await registryWith(t, { faults: { "PATCH upload": (request) => Boolean(request.socket.destroy()) } });
  await assertFails(pushed, "unreachable", /5 attempts/);
  assert.equal(pushed.registry.uploads.size, 0);
  assert.ok(pushed.registry.log.includes("DELETE upload 204"));
});

for (const status of [429, 500, 503]) {
  for (const kind of ["HEAD blob", "POST upload", "PATCH upload", "PUT upload", "HEAD manifest", "PUT manifest"]) {
    test(`HTTP ${status} twice to ${kind} passes, and for ever ends`, async (t) => {
      const { registry, push } = await registryWith(t, { faults: { [kind]: failing(status, 2) } });
      await push();
      assertWhole(registry);
      const forever = await registryWith(t, { faults: { [kind]: failing(status, 999) } });
      await assertFails(forever, "unreachable", new RegExp(`HTTP ${status}, 5 attempts`));
    });
  }
}

test("Retry-After is honoured", async (t) => {
  const { push, waits } = await registryWith(t, { faults: { "PATCH upload": failing(429, 1, { "retry-after": "7" }) } });
  await push();
  assert.deepEqual(waits, [7000]);
});

test("a 202 without Location is an error for a new upload, and a piece's own goes on where it was", async (t) => {
  const pushed = await registryWith(t, { faults: { "POST upload": failing(202, 99) } });
  await assertFails(pushed, "unreadable", /no Location/);
  const { registry, push } = await registryWith(t, {
    faults: {
      "PATCH upload": (request, response) => {
        const writeHead = response.writeHead.bind(response);
        response.writeHead = (status: number) => writeHead(status);
        return request.url === undefined;
      },
    },
  });
  await push();
  assertWhole(registry);
});

test("an upload that the registry lost begins anew", async (t) => {
  const { registry, push } = await registryWith(t, { faults: { "PATCH upload": failing(404, 2) } });
  await push();
  assertWhole(registry);
  const forever = await registryWith(t, { faults: { "PATCH upload": failing(404, 99) } });
  await assertFails(forever, "unreachable", /the upload is lost \(HTTP 404\), 5 attempts/);
});

test("a registry that can't tell how far it is gets the blob from the beginning", async (t) => {
  for (const status of [404, 405, 501]) {
    const drop: Drop = (seen) => (seen === 1 ? MiB : undefined);
    const { registry, push } = await registryWith(t, { drop, faults: { "GET upload": failing(status, 99) } });
    await push();
    assert.deepEqual(
      patches(registry).map(([range]) => range),
      [undefined, undefined],
      String(status),
    );
    assert.ok(registry.blobs.get(layerDigest)?.equals(large));
  }
});

test("the answer to the last PUT is lost: the blob is found there", async (t) => {
  let lost = 0;
  const { registry, push } = await registryWith(t, {
    faults: {
      "PUT upload": (request, response) => {
        if (lost++ > 0) return false;
        response.end = (() => response.socket?.destroy()) as unknown as typeof response.end;
        return request.url === undefined;
      },
    },
  });
  await push();
  assertWhole(registry);
});

test("a registry that takes no large pieces behind a broken connection gets small ones", async (t) => {
  const drop: Drop = (seen) => (seen === 1 ? MiB / 2 : undefined);
  const { registry, push } = await registryWith(t, { drop, largestPiece: 4 * MiB });
  await push();
  assertWhole(registry);
  assert.deepEqual(patches(registry), [
    [undefined, undefined],
    [`${MiB / 2}-${5 * MiB - 1}`, String(4.5 * MiB)],
    [`${MiB / 2}-${4.5 * MiB - 1}`, String(4 * MiB)],
    [`${4.5 * MiB}-${5 * MiB - 1}`, String(MiB / 2)],
  ]);
});

test("a proxy that takes no large bodies at all gets small pieces", async (t) => {
  const { registry, push } = await registryWith(t, { faults: { "PATCH upload": failing(413, 1) } });
  await push();
  assertWhole(registry);
  assert.deepEqual(
    patches(registry).map(([range]) => range),
    [undefined, `0-${4 * MiB - 1}`, `${4 * MiB}-${5 * MiB - 1}`],
  );
});

test("a registry that stops reading counts as broken", async (t) => {
  let stalled = 0;
  const { registry, push } = await registryWith(
    t,
    { faults: { "PATCH upload": (request) => stalled++ === 0 && Boolean(request.pause()) } },
    50,
  );
  await push();
  assertWhole(registry);
});

test("a source that is not what its descriptor says never gets a manifest, and nothing is left", async (t) => {
  const flipped = Uint8Array.from(large);
  flipped[3 * MiB] = (flipped[3 * MiB] ?? 0) ^ 1;
  for (const [bytes, message] of [
    [flipped, /the source gives sha256:/],
    [large.subarray(1), /the source gives 5242879/],
    [Buffer.concat([large, Buffer.from("x")]), /the source gives more/],
  ] as const) {
    const pushed = await registryWith(t);
    await assertFails(
      pushed,
      "digest-mismatch",
      message,
      lying(outgoing, () => streamOf(bytes)),
    );
    assert.equal(pushed.registry.blobs.has(layerDigest), false);
    assert.equal(pushed.registry.manifests.size, 0);
    assert.equal(pushed.registry.uploads.size, 0);
  }
});

test("a wrong digest that the registry finds is an error with its code", async (t) => {
  const words = JSON.stringify({ errors: [{ code: "DIGEST_INVALID", message: "canary" }] });
  const pushed = await registryWith(t, {
    faults: { "PUT upload": (_, response) => Boolean(response.writeHead(400).end(words)) },
  });
  const error = await assertFails(pushed, "refused", /the registry refuses it \(HTTP 400, DIGEST_INVALID\)/);
  assert.doesNotMatch(`${error.message} ${error.hint}`, /canary/);
});

test("a login that may not push is told so, and the registry's own words are not", async (t) => {
  const words = JSON.stringify({ errors: [{ code: "canary", message: "canary" }] });
  for (const kind of ["HEAD blob", "POST upload", "PATCH upload", "PUT manifest"]) {
    const pushed = await registryWith(t, { faults: { [kind]: (_, response) => Boolean(response.writeHead(403).end(words)) } });
    const error = await assertFails(pushed, "unauthorized", /this login may not push it \(HTTP 403\)/);
    assert.match(error.hint ?? "", /docker login/);
    assert.doesNotMatch(`${error.message} ${error.hint}`, /canary/);
  }
});

test("the tag stays absent when anything but the last PUT fails", async (t) => {
  const manifest = await registryWith(t, {
    faults: { "PUT manifest": (_, response, seen) => seen === 2 && Boolean(response.writeHead(400).end()) },
  });
  await assertFails(manifest, "refused", /manifest 1: the registry refuses it \(HTTP 400\)/);
  assert.deepEqual([...manifest.registry.manifests.keys()], [manifestDigest]);
  await manifest.push();
  assertWhole(manifest.registry);
});

test("the signal ends a push", async (t) => {
  const stop = new AbortController();
  const { registry, push } = await registryWith(t, {
    faults: { "PATCH upload": () => (stop.abort(new Error("stopped")), true) },
  });
  await assert.rejects(push(outgoing, { signal: stop.signal }), { message: "stopped" });
  assert.equal(registry.manifests.size, 0);
});

test("the first blob that fails ends the others", async (t) => {
  const several = outgoingOf(outgoingImage([1, 2, 3, 4, 5, 6].map((seed) => ({ archive: noise(2 * MiB, seed) }))));
  const pushed = await registryWith(t);
  await assertFails(
    pushed,
    "digest-mismatch",
    /the source gives/,
    lying(several, () => streamOf(noise(2 * MiB, 9))),
  );
  assert.equal(pushed.registry.uploads.size, 0);
});
