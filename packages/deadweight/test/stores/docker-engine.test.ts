import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "node:test";
import { UserError } from "../../src/lib/user-error.ts";
import { dockerEngine } from "../../src/stores/docker-engine.ts";
import { configOf, folderOf, sha256 } from "../support/archived-image.ts";
import { answersWith, fakeEngine } from "../support/fake-engine.ts";
import { tarOf } from "../support/layers.ts";
import { openOptions } from "../support/open-options.ts";

const layer = tarOf([{ path: "etc/one", content: Buffer.alloc(50_000, "one") }]);
const config = configOf([layer]);
const archive = tarOf([
  { path: "aa/layer.tar", content: layer },
  { path: `${sha256(config)}.json`, content: config },
  {
    path: "manifest.json",
    content: JSON.stringify([{ Config: `${sha256(config)}.json`, RepoTags: ["app:1"], Layers: ["aa/layer.tar"] }]),
  },
]);

/** A request's own answer. */
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const at = (socket: string): Readonly<Record<string, string>> => ({ DOCKER_HOST: `unix://${socket}` });

test("an image is saved to a temporary file, opened, and removed by close", async (t) => {
  const engine = await fakeEngine(t, answersWith("app:1", archive));
  const folder = folderOf([]);
  const told: (readonly [string, number, number | undefined])[] = [];
  const onProgress = (...step: readonly [string, number, number | undefined]): unknown => told.push(step);
  const source = await dockerEngine.open(
    "app:1",
    openOptions({ environment: at(engine.address), temporaryFolder: folder, onProgress }),
  );
  assert.equal(source.kind, "archive");
  assert.equal(source.reference, "docker:app:1");
  const [blob] = source.layers;
  assert.equal(blob?.kind, "file");
  assert.equal(sha256(readFileSync(blob.path).subarray(blob.offset, blob.offset + blob.size)), sha256(layer));
  assert.equal(statSync(blob.path).mode & 0o077, 0);
  assert.deepEqual(told, [
    ["saving app:1", 0, archive.length],
    ["saving app:1", archive.length, archive.length],
  ]);
  assert.deepEqual(engine.asked, ["/_ping", "/v1.41/images/app:1/json", "/v1.41/images/app:1/get"]);
  await source.close();
  assert.deepEqual(readdirSync(folder), []);
});

test("an engine on a loopback port is spoken to without TLS, one elsewhere is not", async (t) => {
  const engine = await fakeEngine(t, answersWith("app", archive), 0);
  const source = await dockerEngine.open("app", openOptions({ environment: { DOCKER_HOST: `tcp://${engine.address}` } }));
  await source.close();
  const elsewhere = openOptions({ environment: { DOCKER_HOST: "tcp://192.0.2.1:2375" } });
  await assert.rejects(dockerEngine.open("app", elsewhere), {
    code: "no-engine",
    message: /without TLS/,
    hint: /--insecure 192.0.2.1/,
  });
});

const absent: readonly (readonly [name: string, code: string])[] = [
  ["nope:1", "not-found"],
  ["localhost:5000/a/b@sha256:00", "not-found"],
];
for (const [name, code] of absent) {
  test(`${name} is not there`, async (t) => {
    const engine = await fakeEngine(t, {});
    const folder = folderOf([]);
    const options = openOptions({ environment: at(engine.address), temporaryFolder: folder });
    await assert.rejects(dockerEngine.open(name, options), { code, message: /No such image/ });
    assert.deepEqual(readdirSync(folder), []);
  });
}

for (const name of ["../containers/json", "a/../b", "a?x=1", "a#b", "a b", "a//b", "%2e%2e/x", "-a", "é", "x".repeat(2000)]) {
  test(`${name.slice(0, 30)} never gets into a request`, async (t) => {
    const engine = await fakeEngine(t, {});
    await assert.rejects(
      dockerEngine.open(name, openOptions({ environment: at(engine.address) })),
      (error) => error instanceof UserError && error.code === "bad-reference" && error.exitCode === 2,
    );
    assert.deepEqual(engine.asked, []);
  });
}

test("too little room is told before anything is saved, with the bytes and the folder", async (t) => {
  const engine = await fakeEngine(t, answersWith("app:1", archive, { Size: 10 ** 15 }));
  const folder = folderOf([]);
  await assert.rejects(
    dockerEngine.open("app:1", openOptions({ environment: at(engine.address), temporaryFolder: folder })),
    (error) =>
      error instanceof UserError &&
      error.code === "no-space" &&
      error.message.includes(`needs 1000000000000000 bytes (1.00 PB) in ${folder}`) &&
      /TMPDIR/.test(error.hint ?? ""),
  );
  assert.ok(!engine.asked.some((path) => path.endsWith("/get")));
});

/** What happens when `/get` answers so: the error, and that nothing stays behind. */
async function assertSaveFails(t: Parameters<typeof fakeEngine>[0], get: Answer, message: RegExp): Promise<void> {
  const engine = await fakeEngine(t, { ...answersWith("app:1", archive), "/images/app:1/get": get });
  const folder = folderOf([]);
  await assert.rejects(
    dockerEngine.open("app:1", openOptions({ environment: at(engine.address), temporaryFolder: folder })),
    (error) => error instanceof UserError && error.exitCode === 3 && message.test(error.message),
  );
  assert.deepEqual(readdirSync(folder), []);
}

test("an engine that hangs up midway is an error", async (t) => {
  await assertSaveFails(
    t,
    (_, response) => response.write(archive.subarray(0, 20_000), () => response.destroy()),
    /connection broke/,
  );
  const short: Answer = (_, response) => {
    response.setHeader("Content-Length", archive.length);
    response.write(archive.subarray(0, 20_000), () => response.destroy());
  };
  await assertSaveFails(t, short, /connection broke/);
});

test("an archive that ends too early is an error, and the engine's own words are told", async (t) => {
  await assertSaveFails(t, (_, response) => response.end(archive.subarray(0, 20_000)), /the archive ends/);
  const said = '{"errorDetail":{"code":5,"message":"read /x: input/output \\"error\\""},"error":"x"}\r\n';
  const get: Answer = (_, response) => response.end(Buffer.concat([archive.subarray(0, 20_000), Buffer.from(said)]));
  await assertSaveFails(t, get, /the engine failed while saving it: "read \/x: input\/output \\"error\\""/);
});

test("an engine that refuses to save is an error with its message", async (t) => {
  const get: Answer = (_, response) => response.writeHead(500).end('{"message":"no space left on device"}');
  await assertSaveFails(t, get, /no space left on device/);
  await assertSaveFails(t, (_, response) => response.writeHead(503).end("<html>"), /status 503/);
});

test("answers that are too long or no JSON are errors", async (t) => {
  const inspect = "/images/app:1/json";
  const long: Answer = (_, response) => response.end(Buffer.alloc(9 * 1024 * 1024, " "));
  const wrong: Answer = (_, response) => response.end("<html>");
  for (const [answer, message] of [
    [long, /more than 8388608 bytes/],
    [wrong, /no valid JSON/],
  ] as const) {
    const engine = await fakeEngine(t, { [inspect]: answer });
    await assert.rejects(dockerEngine.open("app:1", openOptions({ environment: at(engine.address) })), {
      name: "UserError",
      message,
    });
  }
});

test("what answers and is no engine, and what does not answer, is told", async (t) => {
  const other: Answer = (_, response) => response.end("OK");
  const engine = await fakeEngine(t, { ...answersWith("app", archive), "/_ping": other });
  await assert.rejects(dockerEngine.open("app", openOptions({ environment: at(engine.address) })), {
    code: "no-engine",
    message: /no API version: not an engine/,
  });
  const options = openOptions({ environment: { DOCKER_HOST: `unix://${engine.address}.not` } });
  await assert.rejects(dockerEngine.open("app", options), { code: "no-engine", message: /there is no such socket/ });
  const file = openOptions({ environment: { DOCKER_HOST: `unix://${import.meta.filename}` } });
  await assert.rejects(dockerEngine.open("app", file), { code: "no-engine", message: /nothing listens there/ });
});

test("a stop in the middle of saving leaves nothing behind", async (t) => {
  const stop = new AbortController();
  const get: Answer = (_, response) => response.write(archive.subarray(0, 20_000), () => stop.abort(new Error("stopped")));
  const engine = await fakeEngine(t, { ...answersWith("app:1", archive), "/images/app:1/get": get });
  const folder = folderOf([]);
  const options = openOptions({ environment: at(engine.address), temporaryFolder: folder, signal: stop.signal });
  await assert.rejects(dockerEngine.open("app:1", options), { message: "stopped" });
  assert.deepEqual(readdirSync(folder), []);
});
