import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { podmanEngine } from "../../../src/stores/podman-engine.ts";
import { tarOf } from "../../support/layers.ts";
import { openOptions } from "../../support/open-options.ts";
import { outgoingImage, outgoingOf, readBack, writeOptions } from "../../support/outgoing.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { without } from "../../support/tools.ts";

/** Podman's service with a storage of its own. Gives the environment that names it; it ends with the test. */
async function startPodman(t: TestContext): Promise<Readonly<Record<string, string>>> {
  const folder = temporaryFolder();
  const socket = join(folder, "podman.sock");
  const storage = ["--storage-driver", "vfs", "--root", join(folder, "root"), "--runroot", join(folder, "run")];
  const service = spawn("podman", [...storage, "system", "service", "--time=0", `unix://${socket}`], { stdio: "ignore" });
  t.after(() => ended(service));
  for (let waited = 0; !existsSync(socket); waited++) {
    if (service.exitCode !== null || waited > 300) throw new Error(`podman's service did not start: ${service.exitCode}`);
    await setTimeout(100);
  }
  return { CONTAINER_HOST: `unix://${socket}` };
}

function ended(service: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    service.once("exit", () => resolve());
    if (!service.kill()) resolve();
  });
}

test("Podman is given an image, gives the same one back, refuses another of that name, and takes it with force", async (t) => {
  const missing = without("podman");
  if (missing) return t.skip(missing);
  const environment = await startPodman(t);
  const image = outgoingImage([
    { archive: tarOf([{ path: "etc/" }, { path: "etc/one", content: "1" }]), compression: "gzip" },
    { archive: tarOf([{ path: "etc/two", content: "2" }]), compression: "zstd" },
  ]);
  const name = "localhost/deadweight-test:1";
  assert.ok(podmanEngine.write);
  assert.equal(await podmanEngine.write(name, outgoingOf(image), writeOptions({ environment })), `podman:${name}`);
  const back = await readBack(await podmanEngine.open(name, openOptions({ environment })));
  assert.deepEqual(
    back.image.layers.map(({ diffId }) => diffId),
    image.layers.map(({ diffId }) => diffId),
  );
  const other = outgoingOf(outgoingImage([{ archive: tarOf([{ path: "other", content: name }]) }]));
  await assert.rejects(podmanEngine.write(name, other, writeOptions({ environment })), { code: "exists", exitCode: 2 });
  await podmanEngine.write(name, other, writeOptions({ environment, force: true }));
  const replaced = await readBack(await podmanEngine.open(name, openOptions({ environment })));
  assert.equal(replaced.image.layers[0]?.diffId, other.images[0]?.layers[0]?.diffId);
  return undefined;
});
