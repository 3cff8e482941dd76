import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { podmanEngine } from "../../src/stores/podman-engine.ts";
import { configOf, folderOf } from "../support/archived-image.ts";
import { answersWith, fakeEngine } from "../support/fake-engine.ts";
import { tarOf } from "../support/layers.ts";
import { openOptions } from "../support/open-options.ts";

const archive = tarOf([
  { path: "c.json", content: configOf([]) },
  { path: "manifest.json", content: JSON.stringify([{ Config: "c.json", RepoTags: ["localhost/app:1"], Layers: [] }]) },
]);

test("CONTAINER_HOST says where podman listens", async (t) => {
  const engine = await fakeEngine(t, answersWith("localhost/app:1", archive));
  const options = openOptions({ environment: { CONTAINER_HOST: `unix://${engine.address}` } });
  const source = await podmanEngine.open("localhost/app:1", options);
  assert.equal(source.reference, "podman:localhost/app:1");
  await source.close();
});

test("without it the user's own socket is taken", async (t) => {
  const engine = await fakeEngine(t, answersWith("localhost/app:1", archive));
  const runtime = folderOf([]);
  mkdirSync(join(runtime, "podman"));
  symlinkSync(engine.address, join(runtime, "podman/podman.sock"));
  const source = await podmanEngine.open("localhost/app:1", openOptions({ environment: { XDG_RUNTIME_DIR: runtime } }));
  await source.close();
});

test("DOCKER_HOST is not podman's", async (t) => {
  const engine = await fakeEngine(t, answersWith("app", archive));
  const environment = { DOCKER_HOST: `unix://${engine.address}`, CONTAINER_HOST: "unix:///no/such/socket" };
  await assert.rejects(podmanEngine.open("app", openOptions({ environment })), { code: "no-engine", message: /^podman engine/ });
});
