import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "./support/temporary-folder.ts";

const bin = join(import.meta.dirname, "../src/bin.ts");

test("the exit code is that of the command", () => {
  assert.equal(spawnSync(process.execPath, [bin, "explain"]).status, 0);
  assert.equal(spawnSync(process.execPath, [bin, "explain", "nothing-like-it"]).status, 2);
  assert.equal(spawnSync(process.execPath, [bin, "analyze", "oci:/no/such/folder"]).status, 3);
});

test("a long output into a pipe is whole", () => {
  const { stdout } = spawnSync(process.execPath, [bin, "report", "--schema"], { encoding: "utf8" });
  assert.equal((JSON.parse(stdout) as { type: string }).type, "object");
});

for (const [signal, expected] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test(`${signal} while an engine keeps us waiting: ${expected}, and no temporary files`, async (t) => {
    const folder = temporaryFolder();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const child = spawn(process.execPath, [bin, "analyze", "docker:app"], {
      env: { HOME: folder, TMPDIR: folder, DOCKER_HOST: `tcp://127.0.0.1:${port}` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const closed = once(child, "close");
    server.once("connection", (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => child.kill(signal));
    });
    const [code] = (await closed) as [number | null];
    assert.equal(code, expected, said);
    assert.match(said, new RegExp(`^stopped by ${signal}$`, "m"));
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith("deadweight-")),
      [],
    );
  });
}
