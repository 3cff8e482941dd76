import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { examineMachine } from "../../src/pipeline/examine-machine.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const signal = new AbortController().signal;

test("a machine with nothing", async () => {
  const home = temporaryFolder();
  const environment = {
    HOME: home,
    DOCKER_HOST: `unix://${home}/docker.sock`,
    CONTAINER_HOST: `unix://${home}/podman.sock`,
  };
  const found = await examineMachine({ environment, signal, temporaryFolder: join(home, "none") });
  assert.deepEqual(
    found.engines.map(({ program }) => program),
    ["docker", "podman"],
  );
  for (const { state } of found.engines) assert.match(state, /not running, there is no such socket/);
  assert.deepEqual(found.cache, { folder: join(home, ".cache/deadweight") });
  assert.deepEqual(found.temporary, { folder: join(home, "none") });
  assert.deepEqual(found.loginFiles, []);
});

test("an engine that answers, a cache, space, and logins by file name alone", async (t) => {
  const home = temporaryFolder();
  const socket = join(home, "e.sock");
  const server = createServer((_, response) => response.setHeader("api-version", "1.41").end("OK"));
  await listening(server, socket);
  t.after(() => server.close());
  mkdirSync(join(home, "cache/deadweight"), { recursive: true });
  writeFileSync(join(home, "cache/deadweight/layers.sqlite"), "12345");
  mkdirSync(join(home, ".docker"));
  writeFileSync(join(home, ".docker/config.json"), '{"auths": {"registry.test": {"auth": "c2VjcmV0"}}}');

  const environment = {
    HOME: home,
    XDG_CACHE_HOME: join(home, "cache"),
    DOCKER_HOST: `unix://${socket}`,
    CONTAINER_HOST: "nonsense",
  };
  const found = await examineMachine({ environment, signal, temporaryFolder: home });
  assert.deepEqual(found.engines[0], { program: "docker", state: `docker engine at unix://${socket} (DOCKER_HOST): answers` });
  assert.match(found.engines[1]?.state ?? "", /CONTAINER_HOST: "nonsense" is no address of an engine/);
  assert.deepEqual(found.cache, { folder: join(home, "cache/deadweight"), bytes: 5 });
  assert.ok((found.temporary.freeBytes ?? 0) > 0);
  assert.deepEqual(found.loginFiles, [join(home, ".docker/config.json")]);
  assert.doesNotMatch(JSON.stringify(found), /secret|c2VjcmV0/);
});

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve) => server.listen(path, resolve));
}
