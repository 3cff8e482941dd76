import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineExamination } from "../../src/index.ts";
import { toolVersion } from "../../src/lib/tool-version.ts";
import { commandLine } from "../support/command-line.ts";

const found: MachineExamination = {
  engines: [
    { program: "docker", state: "docker engine at unix:///var/run/docker.sock (the default): answers" },
    { program: "podman", state: "podman engine: not running\u001b[2J" },
  ],
  cache: { folder: "/home/me/.cache/deadweight", bytes: 12_300_000 },
  temporary: { folder: "/tmp", freeBytes: 77_200_000_000 },
  loginFiles: ["/home/me/.docker/config.json", "/run/user/1000/containers/auth.json"],
};

const examine = (result: MachineExamination): ReturnType<typeof commandLine> =>
  commandLine(["doctor"], { toolkit: { examineMachine: () => Promise.resolve(result) } });

test("what was found, one line each", async () => {
  const { code, stdout } = await examine(found);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `deadweight  ${toolVersion()}
node        v24.21.0, /opt/node
docker      docker engine at unix:///var/run/docker.sock (the default): answers
podman      podman engine: not running\\x1b[2J
cache       /home/me/.cache/deadweight, 12.3 MB
temporary   /tmp, 77.2 GB free
logins      /home/me/.docker/config.json
            /run/user/1000/containers/auth.json
`,
  );
});

test("what was not found is said too", async () => {
  const { stdout } = await examine({ ...found, cache: { folder: "/c" }, temporary: { folder: "/none" }, loginFiles: [] });
  assert.match(stdout, /^cache {7}\/c, empty$/m);
  assert.match(stdout, /^temporary {3}\/none, not there$/m);
  assert.match(stdout, /^logins {6}none: public images only$/m);
});
