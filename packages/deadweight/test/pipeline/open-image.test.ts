import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defineStore, type ImageSource, type Store } from "../../src/contracts/store.ts";
import { UserError } from "../../src/lib/user-error.ts";
import { openImage } from "../../src/pipeline/open-image.ts";
import { stores } from "../../src/stores/index.ts";
import { configOf, fileOf, folderOf, ociFrame, ociImage } from "../support/archived-image.ts";
import { tarOf } from "../support/layers.ts";
import { openOptions } from "../support/open-options.ts";

const layer = tarOf([{ path: "etc/one", content: "one" }]);
const app = ociImage([layer]);
const layout = [...ociFrame([app.descriptor]), ...app.blobs];
const saved = tarOf([
  { path: "c.json", content: configOf([layer]) },
  { path: "l.tar", content: layer },
  { path: "manifest.json", content: '[{"Config":"c.json","RepoTags":["app:1"],"Layers":["l.tar"]}]' },
]);

/** A store that has these names, or fails with an error of this code. */
function storeWith(scheme: string, held: readonly string[], code = "not-found", hint?: string): Store {
  const open = (name: string): Promise<ImageSource> =>
    held.includes(name)
      ? Promise.resolve({
          kind: "archive",
          reference: `${scheme}:${name}`,
          config: { bytes: layer },
          layers: [],
          close: () => Promise.resolve(),
        })
      : Promise.reject(new UserError(code, `${scheme} has no ${name}`, hint === undefined ? {} : { hint }));
  return defineStore({ scheme, summary: "", open });
}

/** The scheme of the store that the reference led to. */
async function takenBy(text: string, among: readonly Store[] = stores): Promise<string> {
  const { store, source } = await openImage(text, openOptions(), among);
  await source.close();
  return store.scheme;
}

test("a bare file or folder is taken for what it is, with and without a choice behind it", async () => {
  const folder = folderOf(layout);
  assert.equal(await takenBy(folder), "oci");
  assert.equal(await takenBy(`${folder}:${String(app.descriptor["digest"])}`), "oci");
  assert.equal(await takenBy(fileOf(saved)), "docker-archive");
  assert.equal(await takenBy(`${fileOf(saved)}:app:1`), "docker-archive");
  assert.equal(await takenBy(fileOf(tarOf(layout))), "oci-archive");
});

test("a file that is there goes before an image of that name", async () => {
  const path = fileOf(saved);
  assert.equal(
    await takenBy(path, [storeWith("docker", [path]), ...stores.filter(({ scheme }) => scheme === "docker-archive")]),
    "docker-archive",
  );
});

test("a bare name is looked for in docker, then podman, then the registry, whatever the order of the stores", async () => {
  const among = [storeWith("registry", ["r", "p", "d"]), storeWith("podman", ["p", "d"]), storeWith("docker", ["d"])];
  assert.deepEqual(await Promise.all(["d", "p", "r"].map((name) => takenBy(name, among))), ["docker", "podman", "registry"]);
});

test("an engine that does not run, or can't be asked, does not end the search", async () => {
  for (const code of ["no-engine", "bad-configuration", "engine-failed", "bad-reference"]) {
    assert.equal(await takenBy("x", [storeWith("docker", [], code), storeWith("registry", ["x"])]), "registry");
  }
});

test("an engine that has the image but can't give it ends the search: the same name elsewhere may be another image", async () => {
  for (const code of ["no-space", "save-failed"]) {
    await assert.rejects(takenBy("x", [storeWith("docker", [], code), storeWith("registry", ["x"])]), { code });
  }
});

test("when nothing has it, one error says what was tried and why each failed", async () => {
  const among = [
    storeWith("docker", [], "no-engine"),
    storeWith("podman", []),
    storeWith("registry", [], "unauthorized", "log in"),
  ];
  await assert.rejects(
    takenBy("name:1", among),
    (error) =>
      error instanceof UserError &&
      error.exitCode === 3 &&
      error.message ===
        '"name:1": no image found: no file or folder of that name; docker has no name:1; podman has no name:1; registry has no name:1' &&
      error.hint === "log in",
  );
});

test("a path that is not there is not looked for elsewhere", async () => {
  for (const path of ["./nope.tar", "/nope/nope.tar", "../nope"]) {
    await assert.rejects(takenBy(path, [storeWith("docker", [path])]), {
      code: "not-found",
      message: /no file or folder of that name$/,
    });
  }
});

test("a file that is no image is told, and the search goes on", async () => {
  const path = join(folderOf([]), "busybox");
  writeFileSync(path, "no image");
  await assert.rejects(takenBy(path, []), { code: "not-found", message: /is here, but is no image archive and no OCI layout/ });
  const name = "package.json";
  assert.equal(await takenBy(name, [storeWith("docker", [name])]), "docker");
});

test("a scheme goes to its store alone, and its error is the store's", async () => {
  const among = [storeWith("docker", []), storeWith("registry", ["x"]), storeWith("podman", ["x"])];
  assert.equal(await takenBy("docker://x", among), "registry");
  assert.equal(await takenBy("podman:x", among), "podman");
  await assert.rejects(takenBy("docker:x", among), { code: "not-found", message: "docker has no x" });
});

test("a bug in a store is not taken for a missing image", async () => {
  const broken = defineStore({ scheme: "docker", summary: "", open: () => Promise.reject(new TypeError("bug")) });
  await assert.rejects(takenBy("x", [broken, storeWith("registry", ["x"])]), TypeError);
});

test("a stop ends the search", async () => {
  const stopped = defineStore({
    scheme: "docker",
    summary: "",
    open: () => Promise.reject(new DOMException("stopped", "AbortError")),
  });
  await assert.rejects(takenBy("x", [stopped, storeWith("registry", ["x"])]), { name: "AbortError" });
});

test("every scheme that a reference can have has one store", () => {
  const schemes = ["docker", "docker-archive", "oci", "oci-archive", "podman", "registry"];
  assert.deepEqual(stores.map(({ scheme }) => scheme).sort(), schemes);
});
