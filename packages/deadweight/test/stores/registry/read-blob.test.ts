import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import { UserError } from "../../../src/lib/user-error.ts";
import type { Descriptor } from "../../../src/model/image.ts";
import { openRegistryImage } from "../../../src/stores/registry/open-registry-image.ts";
import {
  type Fault,
  openOptions,
  quickTiming,
  sendBlob,
  startRegistry,
  startServer,
  type TestImage,
  testImage,
  type TestServer,
} from "../../support/registry.ts";

const MiB = 1024 * 1024;
const image = testImage(30 * MiB);
const small = testImage(100_000);

interface Pull {
  readonly registry: TestServer;
  /** The blob's bytes, pulled once more at each call. */
  readonly pull: () => Promise<Buffer>;
  readonly waits: readonly number[];
  readonly ranges: () => readonly (string | undefined)[];
}

interface PullOptions {
  readonly image?: TestImage;
  readonly size?: number;
  readonly stallMs?: number;
  readonly signal?: AbortSignal;
}

/** A registry whose blobs fail as told. */
async function broken(t: TestContext, fault: Fault, options: PullOptions = {}): Promise<Pull> {
  const { layer, layerDigest } = options.image ?? small;
  const onlyBlobs: Fault = (request, response, seen) =>
    request.url?.includes("/blobs/") === true && fault(request, response, seen);
  const registry = await startRegistry(options.image ?? small, [onlyBlobs]);
  t.after(() => registry.close());
  const timing = quickTiming(options.stallMs === undefined ? {} : { stallMs: options.stallMs });
  const source = await openRegistryImage(
    `${registry.host}/x`,
    openOptions(options.signal ? { signal: options.signal } : {}),
    timing,
  );
  t.after(() => source.close());
  const descriptor: Descriptor = { mediaType: "any", digest: layerDigest, size: options.size ?? layer.length };
  const blob = await source.blob(descriptor);
  assert.ok(blob.kind === "stream");
  const pull = async (): Promise<Buffer> => Buffer.concat(await Array.fromAsync(blob.open()));
  const ranges = (): readonly (string | undefined)[] =>
    registry.requests.filter(({ path }) => path.includes("/blobs/")).map(({ headers }) => headers.range);
  return { registry, pull, waits: timing.waits, ranges };
}

function status(code: number, times: number, headers: Record<string, string> = {}): Fault {
  return (_, response, seen) => {
    if (seen <= times) response.writeHead(code, headers).end("some words");
    return seen <= times;
  };
}

function userError(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof UserError && error.code === code && message.test(error.message) && error.exitCode === 3;
}

function hintOf(error: unknown): string {
  return (error instanceof UserError && error.hint) || "";
}

test("fault 1, blob 429 twice: waits as it is told", async (t) => {
  const { pull, waits } = await broken(t, status(429, 2, { "retry-after": "1" }));
  assert.ok((await pull()).equals(small.layer));
  assert.deepEqual(waits, [1000, 1000]);
});

test("Retry-After may be a date, is capped at 60 s, and rubbish counts as none", async (t) => {
  const told = ["Fri, 02 Jan 2026 03:04:12 GMT", "3600", "soon", "Fri, 02 Jan 2026 03:00:00 GMT"];
  const { pull, waits } = await broken(t, (_, response, seen) => {
    const header = told[seen - 1];
    if (header !== undefined) response.writeHead(429, { "retry-after": header }).end();
    return header !== undefined;
  });
  assert.ok((await pull()).equals(small.layer));
  assert.deepEqual(waits, [7000, 60_000, 2000, 0]);
});

test("fault 3, blob 503 twice", async (t) => {
  const { pull, waits } = await broken(t, status(503, 2));
  assert.ok((await pull()).equals(small.layer));
  assert.deepEqual(waits, [500, 1000]);
});

test("a limit on pulls that does not end says what to do", async (t) => {
  const { pull } = await broken(t, status(429, 99));
  await assert.rejects(
    pull(),
    (error) => userError("unreachable", /HTTP 429, 5 attempts/)(error) && /log in, or wait/.test(hintOf(error)),
  );
});

test("gives up after five attempts without a byte", async (t) => {
  const { pull, waits, ranges } = await broken(t, status(503, 99));
  await assert.rejects(pull(), userError("unreachable", /127\.0\.0\.1:\d+\/x:latest: sha256:\w+: HTTP 503, 5 attempts/));
  assert.deepEqual(waits, [500, 1000, 2000, 4000]);
  assert.equal(ranges().length, 5);
});

test("fault 5, the connection drops after 8 of 30 MB, twice: resumed with Range and If-Range", async (t) => {
  const { pull, ranges, registry } = await broken(
    t,
    (request, response, seen) => {
      if (seen <= 2) sendBlob(image.layer, request, response, 8 * MiB);
      return seen <= 2;
    },
    { image },
  );
  assert.equal(
    createHash("sha256")
      .update(await pull())
      .digest("hex"),
    image.layerDigest.slice(7),
  );
  assert.deepEqual(ranges(), [undefined, `bytes=${8 * MiB}-`, `bytes=${16 * MiB}-`]);
  assert.equal(registry.requests.at(-1)?.headers["if-range"], `"${image.layerDigest}"`);
});

test("fault 6, it drops after each 2 of 30 MB: goes on while there is progress, and no byte comes twice", async (t) => {
  let sent = 0;
  const { pull, ranges, waits } = await broken(
    t,
    (request, response) => {
      const start = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
      sent += Math.min(2 * MiB, image.layer.length - start);
      sendBlob(image.layer, request, response, 2 * MiB);
      return true;
    },
    { image },
  );
  assert.equal(
    createHash("sha256")
      .update(await pull())
      .digest("hex"),
    image.layerDigest.slice(7),
  );
  assert.equal(ranges().length, 15);
  assert.equal(sent, image.layer.length);
  assert.deepEqual(new Set(waits), new Set([500]));
});

test("fault 7, one flipped bit: the bytes come as they are, so that the digest shows it, and another pull asks again", async (t) => {
  const flipped = Buffer.from(small.layer);
  flipped[50_000] = (flipped[50_000] ?? 0) ^ 1;
  const { pull } = await broken(t, (request, response, seen) => {
    if (seen === 1) sendBlob(flipped, request, response);
    return seen === 1;
  });
  assert.ok((await pull()).equals(flipped));
  assert.ok((await pull()).equals(small.layer));
});

test("fault 8, it stalls for ever in the middle: silence is a broken connection", async (t) => {
  const { pull, ranges } = await broken(
    t,
    (_, response, seen) => {
      if (seen === 1) response.writeHead(200, { "content-length": small.layer.length }).write(small.layer.subarray(0, 40_000));
      return seen === 1;
    },
    { stallMs: 200 },
  );
  assert.ok((await pull()).equals(small.layer));
  assert.deepEqual(ranges(), [undefined, "bytes=40000-"]);
});

test("a server that ignores Range sends all again, and what was had is skipped", async (t) => {
  const { pull, ranges } = await broken(t, (request, response, seen) => {
    delete request.headers.range;
    sendBlob(small.layer, request, response, seen <= 2 ? 30_000 * seen : small.layer.length);
    return true;
  });
  assert.ok((await pull()).equals(small.layer));
  assert.deepEqual(ranges().length, 3);
});

test("a server that ignores Range and always drops at the same byte makes no progress", async (t) => {
  const { pull, ranges } = await broken(t, (request, response) => {
    delete request.headers.range;
    sendBlob(small.layer, request, response, 30_000);
    return true;
  });
  await assert.rejects(pull(), userError("unreachable", /5 attempts/));
  assert.equal(ranges().length, 5);
});

test("a 206 with another range than was asked for is refused", async (t) => {
  for (const range of [
    "bytes 0-99999/100000",
    "bytes 30001-99999/100000",
    "bytes 30000-99999/100001",
    "bytes 30000-50000/100000",
    "x",
  ]) {
    const { pull } = await broken(t, (request, response, seen) => {
      if (seen === 1) sendBlob(small.layer, request, response, 30_000);
      else response.writeHead(206, { "content-range": range }).end(small.layer.subarray(30_000));
      return true;
    });
    await assert.rejects(pull(), userError("unreadable", /asked for the bytes from 30000 of 100000, got /), range);
  }
});

test("a 206 that nobody asked for, and a 416, are refused", async (t) => {
  const unasked = await broken(t, (_, response) => {
    response.writeHead(206, { "content-range": "bytes 0-99999/100000" }).end(small.layer);
    return true;
  });
  await assert.rejects(unasked.pull(), userError("unreadable", /asked for the bytes from 0/));
  const beyond = await broken(t, status(416, 9));
  await assert.rejects(beyond.pull(), userError("unreadable", /the registry answered HTTP 416/));
});

test("more or fewer bytes than the manifest says are refused, with and without Content-Length", async (t) => {
  for (const size of [99_999, 100_001]) {
    const counted = await broken(t, () => false, { size });
    await assert.rejects(
      counted.pull(),
      userError("unreadable", new RegExp(`the manifest gives ${size} bytes, the registry has 100000`)),
    );
    const chunked = await broken(t, (_, response) => Boolean(response.writeHead(200).end(small.layer)), { size });
    await assert.rejects(chunked.pull(), userError("unreadable", /the manifest gives/));
    assert.equal(chunked.ranges().length, 1);
  }
});

test("a body that ends with the connection may be whole or cut", async (t) => {
  const { pull, ranges } = await broken(t, (_, response, seen) => {
    if (seen > 1) return false;
    response.socket?.end(Buffer.concat([Buffer.from("HTTP/1.0 200 OK\r\n\r\n"), small.layer.subarray(0, 70_000)]));
    return true;
  });
  assert.ok((await pull()).equals(small.layer));
  assert.deepEqual(ranges(), [undefined, "bytes=70000-"]);
});

test("a blob that redirects elsewhere is resumed by way of the registry", async (t) => {
  const store = await startServer((request, response) =>
    sendBlob(small.layer, request, response, request.headers.range ? undefined : 60_000),
  );
  t.after(() => store.close());
  const { pull, ranges } = await broken(t, (_, response, seen) =>
    Boolean(response.writeHead(307, { location: `http://${store.host}/signed?n=${seen}` }).end()),
  );
  assert.ok((await pull()).equals(small.layer));
  assert.deepEqual(ranges(), [undefined, "bytes=60000-"]);
  assert.deepEqual(
    store.requests.map(({ path, headers }) => [path, headers.range]),
    [
      ["/signed?n=1", undefined],
      ["/signed?n=2", "bytes=60000-"],
    ],
  );
});

test("redirects that never end are refused", async (t) => {
  const { pull } = await broken(t, (request, response) => Boolean(response.writeHead(302, { location: request.url }).end()));
  await assert.rejects(pull(), userError("unreadable", /redirects more than 5 times/));
});

test("the signal ends a pull, also while it waits for bytes", async (t) => {
  const controller = new AbortController();
  const { pull, waits } = await broken(
    t,
    (_, response) => {
      response
        .writeHead(200, { "content-length": small.layer.length })
        .write(small.layer.subarray(0, 10), () => controller.abort());
      return true;
    },
    { signal: controller.signal },
  );
  await assert.rejects(pull(), { name: "AbortError" });
  assert.deepEqual(waits, []);
});

test("who stops reading early leaves nothing behind, and may begin again", async (t) => {
  const { registry } = await broken(t, () => false, { image });
  const source = await openRegistryImage(`${registry.host}/x`, openOptions(), quickTiming());
  const blob = await source.blob({ mediaType: "any", digest: image.layerDigest, size: image.layer.length });
  assert.ok(blob.kind === "stream");
  for await (const chunk of blob.open()) {
    assert.ok(chunk.length > 0);
    break;
  }
  assert.equal(
    (await Array.fromAsync(blob.open())).reduce((sum, chunk) => sum + chunk.length, 0),
    image.layer.length,
  );
  await source.close();
});
