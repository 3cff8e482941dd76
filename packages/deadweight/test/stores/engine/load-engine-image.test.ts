import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Outgoing, WriteOptions } from "../../../src/contracts/store.ts";
import { UserError } from "../../../src/lib/user-error.ts";
import { dockerArchive } from "../../../src/stores/docker-archive.ts";
import { dockerEngine } from "../../../src/stores/docker-engine.ts";
import { podmanEngine } from "../../../src/stores/podman-engine.ts";
import { sha256 } from "../../support/archived-image.ts";
import { fakeEngine } from "../../support/fake-engine.ts";
import { tarOf } from "../../support/layers.ts";
import { openOptions } from "../../support/open-options.ts";
import { lying, noise, outgoingImage, outgoingOf, readBack, streamOf, writeOptions } from "../../support/outgoing.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const archives = [1, 2, 3].map((seed) => tarOf([{ path: `etc/${seed}`, content: noise(300_000, seed) }]));
const image = outgoingImage(
  archives.map((archive, index) => ({ archive, compression: (["none", "gzip", "zstd"] as const)[index] ?? "none" })),
);
const outgoing = outgoingOf(image);
const diffIds = image.layers.map(({ diffId }) => diffId);
const loaded = '{"status":"Loading layer","progressDetail":{"current":1,"total":2}}\r\n{"stream":"Loaded image: app:1\\n"}\r\n';

interface Loading {
  /** What the engine got, when it was whole. */
  readonly archive: () => Buffer | undefined;
  readonly load: (name?: string, changes?: Partial<WriteOptions>, what?: Outgoing) => Promise<string>;
  /** The temporary folder is empty again. */
  readonly assertClean: () => void;
}

interface Engine {
  /** How it answers, once it has the whole archive. */
  readonly answer?: (response: ServerResponse) => void;
  /** In place of reading the archive. */
  readonly load?: (request: IncomingMessage, response: ServerResponse) => void;
  /** The layers of `app:1` before and after. */
  readonly before?: readonly string[];
  readonly after?: readonly string[] | undefined;
}

async function engineWith(t: TestContext, engine: Engine = {}): Promise<Loading> {
  const { answer = (response) => response.end(loaded), before, after = "after" in engine ? undefined : diffIds } = engine;
  let archive: Buffer | undefined;
  let isLoaded = false;
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece)).on("error", () => undefined);
    request.on("end", () => {
      archive = Buffer.concat(pieces);
      isLoaded = true;
      answer(response);
    });
  };
  const inspect = (_: IncomingMessage, response: ServerResponse): void => {
    const layers = isLoaded ? after : before;
    response.writeHead(layers === undefined ? 404 : 200).end(JSON.stringify({ RootFS: { Layers: layers } }));
  };
  const { address } = await fakeEngine(t, { "/images/load?quiet=0": engine.load ?? take, "/images/app:1/json": inspect });
  const folder = temporaryFolder();
  const environment = { DOCKER_HOST: `unix://${address}`, CONTAINER_HOST: `unix://${address}` };
  return {
    archive: () => archive,
    load: async (name = "docker:app:1", changes = {}, what = outgoing) => {
      const [, scheme, rest = ""] = /^(\w+):(.*)$/.exec(name) ?? [];
      const store = scheme === "podman" ? podmanEngine : dockerEngine;
      assert.ok(store.write);
      return store.write(rest, what, writeOptions({ environment, temporaryFolder: folder, ...changes }));
    },
    assertClean: () => assert.deepEqual(readdirSync(folder), []),
  };
}

async function assertFails(t: TestContext, engine: Engine, code: string, message: RegExp, what?: Outgoing): Promise<Loading> {
  const loading = await engineWith(t, engine);
  await assert.rejects(loading.load(undefined, {}, what), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    return error.code === code;
  });
  loading.assertClean();
  return loading;
}

for (const program of ["docker", "podman"]) {
  test(`${program}: the engine gets an archive that is the image, under its name`, async (t) => {
    const { load, archive, assertClean } = await engineWith(t);
    const told: number[] = [];
    assert.equal(await load(`${program}:app:1`, { onProgress: (_, done) => told.push(done) }), `${program}:app:1`);
    const path = join(mkdtempSync(join(temporaryFolder(), "x")), "got.tar");
    writeFileSync(path, archive() ?? "");
    const { image: got, layers } = await readBack(await dockerArchive.open(`${path}:app:1`, openOptions()));
    assert.equal(got.digest, image.config.descriptor.digest);
    // gzip as it was, since engines expand it; zstd plain, since not all of them do.
    const stored = image.layers.map(({ descriptor }) => descriptor.digest);
    assert.deepEqual(
      layers.map((bytes) => `sha256:${sha256(bytes)}`),
      [stored[0], stored[1], diffIds[2]],
    );
    assert.equal(told[0], 0);
    assert.equal(
      told.at(-1),
      image.layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0),
    );
    assertClean();
  });
}

test("a name without a tag is the latest", async (t) => {
  const { address } = await fakeEngine(t, { "/images/app:latest/json": { RootFS: { Layers: [] } } });
  const options = writeOptions({ environment: { DOCKER_HOST: `unix://${address}` } });
  await assert.rejects(async () => dockerEngine.write?.("app", outgoing, options), { code: "exists", exitCode: 2 });
});

test("a name that is there is refused without force, before anything is sent, and taken with it", async (t) => {
  const { load, archive } = await engineWith(t, { before: ["sha256:00"] });
  await assert.rejects(load(), { code: "exists", exitCode: 2, hint: /--force/ });
  assert.equal(archive(), undefined);
  await load("docker:app:1", { force: true });
  assert.ok(archive());
});

test("what can't be a name never gets into a request", async (t) => {
  const { load } = await engineWith(t);
  for (const name of ["../containers/json", "App:1", "a b", "a?x", "a#b", "0".repeat(64), `app@sha256:${"0".repeat(64)}`, ""]) {
    await assert.rejects(load(`docker:${name}`), { code: "bad-reference", exitCode: 2 });
  }
});

test("several platforms are refused", async (t) => {
  const both = outgoingOf(image, outgoingImage([], { architecture: "arm64" }));
  await assertFails(t, {}, "unsupported", /holds one platform, the image is for linux\/amd64, linux\/arm64/, both);
});

test("an error among the engine's messages is an error, though the status is 200", async (t) => {
  const said = (message: string): Engine => ({
    answer: (response) => response.end(`${loaded}{"errorDetail":{"message":"${message}"},"error":"${message}"}\n`),
  });
  await assertFails(
    t,
    said("invalid diffID for layer 0"),
    "load-failed",
    /the engine could not load it: invalid diffID for layer 0/,
  );
  await assertFails(t, said("write /x: no space left on device"), "no-space", /no space left/);
  const unended: Engine = { answer: (response) => response.end('{"error":"without an end of line"}') };
  await assertFails(t, unended, "load-failed", /without an end of line/);
});

test("a refusal, endless lines, and a connection that breaks are errors", async (t) => {
  const refused: Engine = { answer: (response) => response.writeHead(500).end('{"message":"no space left on device"}') };
  await assertFails(t, refused, "engine-failed", /no space left on device/);
  const endless: Engine = { answer: (response) => response.end("x".repeat(100_000)) };
  await assertFails(t, endless, "load-failed", /endless lines/);
  const cut: Engine = { answer: (response) => response.write("{", () => response.destroy()) };
  await assertFails(t, cut, "engine-failed", /connection broke/);
  const gone: Engine = { load: (request) => request.once("data", () => request.socket.destroy()) };
  await assertFails(t, gone, "engine-failed", /connection broke/);
});

test("an engine that says that it loaded the image, and has none or another, is an error", async (t) => {
  await assertFails(t, { after: undefined }, "load-failed", /took it and has no image of that name/);
  await assertFails(t, { after: ["sha256:00"] }, "load-failed", /took it and has another image of that name/);
});

test("a source that lies never gives the engine a whole archive", async (t) => {
  for (const source of [noise(archives[0]?.length ?? 0, 9), noise(100)]) {
    const { archive } = await assertFails(
      t,
      {},
      "digest-mismatch",
      /the source gives/,
      lying(outgoing, () => streamOf(source)),
    );
    assert.equal(archive(), undefined);
  }
});

test("a zstd layer that expands to something else than its diffId never gets out", async (t) => {
  const [, , layer] = image.layers;
  assert.ok(layer);
  const wrong = outgoingOf({ ...image, layers: [{ ...layer, diffId: `sha256:${"0".repeat(64)}` }] });
  const { archive } = await assertFails(t, {}, "digest-mismatch", /expands to sha256:/, wrong);
  assert.equal(archive(), undefined);
});

test("the signal ends it, and nothing is left", async (t) => {
  const stop = new AbortController();
  const { load, assertClean } = await engineWith(t, {
    load: (request) => request.once("data", () => stop.abort(new Error("stopped"))),
  });
  await assert.rejects(load(undefined, { signal: stop.signal }), { message: "stopped" });
  assertClean();
});
