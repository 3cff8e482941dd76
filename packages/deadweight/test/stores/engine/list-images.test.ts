import assert from "node:assert/strict";
import { test } from "node:test";
import { listLocalImages } from "../../../src/stores/engine/list-images.ts";
import { sha256 } from "../../support/archived-image.ts";
import { fakeEngine } from "../../support/fake-engine.ts";
import { openOptions } from "../../support/open-options.ts";

const id = (name: string): string => `sha256:${sha256(name)}`;
const inspected = (...layers: readonly unknown[]): object => ({ RootFS: { Type: "layers", Layers: layers } });
const nowhere = { DOCKER_HOST: "unix:///no/such/docker.sock", CONTAINER_HOST: "unix:///no/such/podman.sock" };

test("named images of both engines with their layers, each name by itself", async (t) => {
  const docker = await fakeEngine(t, {
    "/images/json": [
      { Id: id("a"), RepoTags: ["a:1", "a:2"] },
      { Id: id("none"), RepoTags: ["<none>:<none>"] },
      { Id: id("null"), RepoTags: null },
    ],
    [`/images/${id("a")}/json`]: inspected(id("l1"), id("l2")),
    [`/images/${id("none")}/json`]: inspected(id("l1")),
    [`/images/${id("null")}/json`]: inspected(id("l1")),
  });
  const podman = await fakeEngine(t, {
    "/images/json": [{ Id: id("b"), RepoTags: ["localhost/b:1"] }],
    [`/images/${id("b")}/json`]: inspected(id("l1")),
  });
  const environment = { DOCKER_HOST: `unix://${docker.address}`, CONTAINER_HOST: `unix://${podman.address}` };
  assert.deepEqual(await listLocalImages(openOptions({ environment })), [
    { name: "a:1", diffIds: [id("l1"), id("l2")] },
    { name: "a:2", diffIds: [id("l1"), id("l2")] },
    { name: "localhost/b:1", diffIds: [id("l1")] },
  ]);
});

test("without engines the list is empty", async () => {
  assert.deepEqual(await listLocalImages(openOptions({ environment: nowhere })), []);
  assert.deepEqual(await listLocalImages(openOptions({ environment: { ...nowhere, DOCKER_HOST: "gopher://x" } })), []);
});

test("answers of another form, and images that went meanwhile, are left out", async (t) => {
  const answers = [
    {},
    [{ Id: "../x", RepoTags: ["x"] }],
    [{ Id: id("gone"), RepoTags: ["x"] }],
    [null, 1],
    [{ Id: id("odd"), RepoTags: ["x", 7] }],
  ];
  for (const list of answers) {
    const engine = await fakeEngine(t, { "/images/json": list, [`/images/${id("odd")}/json`]: inspected("sha256:x") });
    assert.deepEqual(
      await listLocalImages(openOptions({ environment: { ...nowhere, DOCKER_HOST: `unix://${engine.address}` } })),
      [],
    );
  }
});

test("no more than 500 images are asked for", async (t) => {
  const ids = Array.from({ length: 600 }, (_, place) => id(String(place)));
  const engine = await fakeEngine(t, {
    "/images/json": ids.map((Id, place) => ({ Id, RepoTags: [`x:${place}`] })),
    ...Object.fromEntries(ids.map((Id) => [`/images/${Id}/json`, inspected(id("l"))])),
  });
  const found = await listLocalImages(openOptions({ environment: { ...nowhere, DOCKER_HOST: `unix://${engine.address}` } }));
  assert.equal(found.length, 500);
  assert.deepEqual(found.at(-1), { name: "x:499", diffIds: [id("l")] });
});
