import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { podman } from "../../src/runtimes/podman.ts";
import { pythonImage } from "../support/e2e-python.ts";
import { shellPlan, wordsOfProcesses } from "../support/running.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { without, withoutEngine } from "../support/tools.ts";

const name = `localhost/deadweight-test-podman-${process.pid}`;

/** Where the limit of open files may not be raised, podman's default can't be set. */
function ownSettings(): Readonly<Record<string, string | undefined>> {
  const file = join(temporaryFolder(), "containers.conf");
  writeFileSync(file, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n');
  return { ...process.env, CONTAINERS_CONF: file };
}

test("podman runs a container as docker does", async (t) => {
  const missing = without("podman") || withoutEngine();
  if (missing !== false) return t.skip(missing);
  const socket = join(temporaryFolder(), "podman.sock");
  const service = spawn("podman", ["system", "service", "--time=0", `unix://${socket}`], { stdio: "ignore", env: ownSettings() });
  t.after(() => {
    spawnSync("podman", ["image", "rm", "--force", name]);
    service.kill();
  });
  for (let round = 0; round < 100 && !existsSync(socket); round++) await sleep(100);
  const image = await pythonImage();
  execFileSync(
    "sh",
    ["-c", `id=$(docker create --network none ${image} sh); docker export $id | podman import - ${name}; docker rm $id`],
    {
      stdio: "ignore",
    },
  );
  const environment = { CONTAINER_HOST: `unix://${socket}` };
  const session = await podman.connect({ environment, signal: new AbortController().signal, insecure: [], onNote: () => {} });
  try {
    const container = await session.create(shellPlan(name, "echo out; grep CapBnd /proc/self/status; echo err >&2; exit 3"));
    await container.start();
    const { exitCode, output, errors } = await container.wait(30_000);
    assert.deepEqual(
      [exitCode, Buffer.from(output).toString(), Buffer.from(errors).toString()],
      [3, "out\nCapBnd:\t0000000000000000\n", "err\n"],
    );
    const sleeper = await session.create(shellPlan(name, "exec sleep 61"));
    await sleeper.start();
    assert.deepEqual(await wordsOfProcesses(sleeper, "sleep\x0061\0"), ["sleep\x0061\0"], "with the numbers of this machine");
  } finally {
    await session.close();
  }
});
