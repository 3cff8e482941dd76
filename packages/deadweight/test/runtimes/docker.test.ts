import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunResult } from "../../src/contracts/runtime.ts";
import { docker } from "../../src/runtimes/docker.ts";
import { pythonImage } from "../support/e2e-python.ts";
import { docker as command } from "../support/engine.ts";
import { connected, leftInEngine, shellPlan, wordsOfProcesses } from "../support/running.ts";
import { takeTurn } from "../support/take-turn.ts";
import { withoutEngine } from "../support/tools.ts";

// Whoever connects takes away what killed runs left, of other tests too.
after(await takeTurn("containers"));

const skip = withoutEngine();
const image = skip === false ? await pythonImage() : "";
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const shape = ({ exitCode, timedOut, killed, outOfMemory }: RunResult): object => ({ exitCode, timedOut, killed, outOfMemory });
const before = skip === false ? await leftInEngine(command) : 0;

test("a run has its exit code and both outputs, and no rights", { skip }, async () => {
  const session = await connected(docker);
  try {
    const script = "grep -E 'CapBnd|NoNewPrivs' /proc/self/status; echo $A >&2; ls /sys/class/net; exit 3";
    const container = await session.create(shellPlan(image, script, { environment: { A: "1 2" } }));
    await container.start();
    const result = await container.wait(20_000);
    assert.deepEqual(shape(result), { exitCode: 3, timedOut: false, killed: false, outOfMemory: false });
    assert.equal(text(result.output), "CapBnd:\t0000000000000000\nNoNewPrivs:\t1\nlo\n");
    assert.equal(text(result.errors), "1 2\n");
  } finally {
    await session.close();
  }
});

test(
  "containers of a private network reach one another, and this machine their ports by its loopback alone",
  { skip },
  async (t) => {
    const missing = await withoutNetworks();
    if (missing !== false) return t.skip(missing);
    const session = await connected(docker);
    try {
      const change = { network: "private", ports: [8000] } as const;
      const server = await session.create(
        shellPlan(image, "cd /dev/shm && echo here > said && exec python3 -m http.server 8000", change),
      );
      await server.start();
      const address = (await server.address(8000)) ?? "";
      assert.match(address, /^127\.0\.0\.1:\d+$/);
      const said = await answerOf(`http://${address}/said`);
      assert.equal(said, "here\n");
      const asksName = "import socket; print(socket.gethostbyname(socket.gethostname()), end='')";
      const own = text((await server.exec(["python3", "-c", asksName], 10_000)).output);
      const asks = `import urllib.request as u; print(u.urlopen("http://${own}:8000/said").read().decode(), end="")`;
      const other = await session.create(shellPlan(image, `exec python3 -c '${asks}'`, change));
      await other.start();
      assert.equal(text((await other.wait(20_000)).output), said);
    } finally {
      await session.close();
    }
    assert.equal(await leftInEngine(command), before);
    return undefined;
  },
);

/** Why the engine can't make networks, as without the kernel's bridges; false when it can. */
async function withoutNetworks(): Promise<string | false> {
  const name = `deadweight-test-${process.pid}`;
  try {
    await command("network", "create", name);
    await command("network", "rm", name);
    return false;
  } catch (error) {
    return `docker: no private networks: ${String(error)}`;
  }
}

/** What is answered once something listens. */
async function answerOf(url: string): Promise<string> {
  for (let round = 0; round < 100; round++) {
    try {
      return await (await fetch(url)).text();
    } catch {
      await sleep(100);
    }
  }
  throw new Error(`${url}: no answer`);
}

test("its processes have the numbers of this machine", { skip }, async () => {
  const session = await connected(docker);
  try {
    const container = await session.create(shellPlan(image, "sleep 60 & exec sleep 61"));
    await container.start();
    const commands = await wordsOfProcesses(container, "sleep\x0061\0");
    assert.ok(commands.includes("sleep\x0061\0"), JSON.stringify(commands));
  } finally {
    await session.close();
  }
});

test("capabilities that are asked for are kept, and no others", { skip }, async () => {
  const session = await connected(docker);
  try {
    const container = await session.create(
      shellPlan(image, "grep CapBnd /proc/self/status", { capabilities: ["NET_BIND_SERVICE"] }),
    );
    await container.start();
    assert.equal(text((await container.wait(20_000)).output), "CapBnd:\t0000000000000400\n");
  } finally {
    await session.close();
  }
});

test("a container whose time is over is killed, and one that takes too much memory", { skip }, async () => {
  const session = await connected(docker);
  try {
    const sleeper = await session.create(shellPlan(image, "echo begun; sleep 60; echo never"));
    await sleeper.start();
    const late = await sleeper.wait(700);
    assert.deepEqual(shape(late), { exitCode: undefined, timedOut: true, killed: true, outOfMemory: false });
    assert.equal(text(late.output), "begun\n");
    const eater = await session.create(shellPlan(image, "exec python3 -c 'b\"x\" * (600 << 20)'"));
    await eater.start();
    const eaten = await eater.wait(30_000);
    assert.deepEqual(shape(eaten), { exitCode: 137, timedOut: false, killed: true, outOfMemory: true });
  } finally {
    await session.close();
  }
});

test("a command in a container has its own result, and its time", { skip }, async () => {
  const session = await connected(docker);
  try {
    const container = await session.create(shellPlan(image, "trap 'exit 5' TERM; while :; do sleep 0.1; done"));
    await container.start();
    const done = await container.exec(["sh", "-c", "echo in; echo wrong >&2; exit 4"], 20_000);
    assert.deepEqual([done.exitCode, text(done.output), text(done.errors)], [4, "in\n", "wrong\n"]);
    const late = await container.exec(["sh", "-c", "echo in; sleep 60"], 700);
    assert.deepEqual(shape(late), { exitCode: undefined, timedOut: true, killed: false, outOfMemory: false });
    assert.equal((await container.exec(["/no/such"], 20_000)).exitCode, 126);
    assert.equal((await container.stop("SIGTERM", 20_000)).exitCode, 5);
    assert.equal((await container.state()).isRunning, false);
  } finally {
    await session.close();
  }
});

test("an image that the engine has not got is an error, and asked for beforehand it is none", { skip }, async () => {
  const session = await connected(docker);
  try {
    assert.deepEqual([await session.hasImage(image), await session.hasImage("deadweight-test/none:1")], [true, false]);
    await assert.rejects(session.create(shellPlan("deadweight-test/none:1", "true")), { code: "not-found" });
  } finally {
    await session.close();
  }
});

test("a stop leaves nothing, and what a killed run leaves is taken away by the next", { skip }, async () => {
  const stop = new AbortController();
  const session = await connected(docker, stop.signal);
  const container = await session.create(shellPlan(image, "sleep 60"));
  await container.start();
  setTimeout(() => stop.abort("SIGINT"), 200);
  await assert.rejects(container.wait(20_000));
  await session.close();
  assert.equal(await leftInEngine(command), before);
  const child = spawn(process.execPath, [join(import.meta.dirname, "../support/run-and-die.ts"), image], { stdio: "inherit" });
  await once(child, "exit");
  assert.equal(child.signalCode, "SIGKILL");
  assert.ok((await leftInEngine(command)) > before, "the killed run left a container");
  await (await connected(docker)).close();
  assert.equal(await leftInEngine(command), before);
});
