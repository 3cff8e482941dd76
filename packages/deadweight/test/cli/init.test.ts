import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../../src/pipeline/load-config.ts";
import { commandLine } from "../support/command-line.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const compose = join(folder, "compose.yaml");

test("a compose file becomes a configuration that is one, and what is not taken over is named", async () => {
  writeFileSync(
    compose,
    `services:
  api:
    image: registry.example/me/api:1
    command: python -m api --port 80
    environment: [A=1=2, HOME]
    ports: ["127.0.0.1:8080:80/tcp"]
    volumes: ["./models:/models:ro", "cache:/cache", "~/x:/x"]
    cap_add: [NET_BIND_SERVICE]
    stop_grace_period: 30s
    healthcheck: { test: [CMD, "true"] }
  worker:
    build: .
    command: sh -c 'a; b'
`,
  );
  const output = join(folder, "deadweight.yaml");
  const { code, stderr } = await commandLine(["init", compose, "-o", output]);
  assert.deepEqual([code, stderr], [0, `wrote ${output}\n`]);
  const text = readFileSync(output, "utf8");
  assert.match(text, /^# Not taken over from api: healthcheck\.$/m);
  assert.match(text, /^# Not taken over from worker: command\.$/m);
  const { services } = await loadConfig(output);
  const { command, environment, port, mounts, capabilities, stopTimeout, probes } = services["api"] ?? assert.fail();
  assert.deepEqual(command, ["python", "-m", "api", "--port", "80"]);
  assert.deepEqual([environment, port, capabilities, stopTimeout], [{ A: "1=2" }, 80, ["NET_BIND_SERVICE"], 30_000]);
  assert.deepEqual(
    mounts.map(({ target, readOnly }) => [target, readOnly]),
    [
      ["/models", true],
      ["/x", false],
    ],
  );
  assert.deepEqual(
    probes.map(({ name }) => name),
    ["home"],
  );
  const again = await commandLine(["init", compose, "-o", output]);
  assert.deepEqual([again.code, /is there already/.test(again.stderr)], [2, true]);
  assert.equal((await commandLine(["init", compose, "-o", output, "--force"])).code, 0);
});

test("what is no compose file is an error", async () => {
  writeFileSync(compose, "a: [");
  assert.equal((await commandLine(["init", compose, "-o", "-"])).code, 3);
  writeFileSync(compose, "volumes: {}\n");
  const { code, stderr } = await commandLine(["init", compose, "-o", "-"]);
  assert.equal(code, 3);
  assert.match(stderr, /it has no services/);
});
