import assert from "node:assert/strict";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { OpenOptions } from "../../src/contracts/store.ts";
import { dockerEngine } from "../../src/stores/docker-engine.ts";
import { configOf, folderOf } from "../support/archived-image.ts";
import { answersWith, fakeEngine } from "../support/fake-engine.ts";
import { tarOf } from "../support/layers.ts";
import { openOptions } from "../support/open-options.ts";

const archive = tarOf([
  { path: "c.json", content: configOf([]) },
  { path: "manifest.json", content: JSON.stringify([{ Config: "c.json", RepoTags: ["app:1"], Layers: [] }]) },
  { path: "padding", content: Buffer.alloc(3_000_000, "x") },
]);

/** A folder with an `ssh` that notes its arguments and runs this script. */
function folderWithSsh(script: string): string {
  const shell = `#!/bin/sh\nhere="\${0%/*}"\nprintf '%s\\n' "$@" >> "$here/arguments"\nexec "${process.execPath}" "$here/script.cjs"\n`;
  const folder = folderOf([
    { path: "ssh", content: shell },
    { path: "script.cjs", content: script },
  ]);
  chmodSync(join(folder, "ssh"), 0o755);
  return folder;
}

function dialing(folder: string): OpenOptions {
  return openOptions({ environment: { PATH: `${folder}:/usr/bin:/bin`, DOCKER_HOST: "ssh://user@machine.example:2222" } });
}

/** Joins standard input and output to a socket, as `docker system dial-stdio` does. */
function dialStdio(socket: string): string {
  return `const s = require("node:net").connect(${JSON.stringify(socket)}); process.stdin.pipe(s); s.pipe(process.stdout);`;
}

test("an engine of another machine is reached through ssh", async (t) => {
  const engine = await fakeEngine(t, answersWith("app:1", archive));
  const folder = folderWithSsh(dialStdio(engine.address));
  const source = await dockerEngine.open("app:1", dialing(folder));
  assert.equal(source.kind, "archive");
  await source.close();
  const args = readFileSync(join(folder, "arguments"), "utf8");
  const expected = [
    "-T",
    "-o",
    "BatchMode=yes",
    "-o",
    "ConnectTimeout=30",
    "-l",
    "user",
    "-p",
    "2222",
    "--",
    "machine.example",
    "docker",
    "system",
    "dial-stdio",
  ];
  assert.deepEqual(args.split("\n").slice(0, expected.length), expected);
});

test("what ssh complains of is told, with what to try", async () => {
  const script = 'console.error("user@machine.example: Permission denied (publickey)."); process.exitCode = 255;';
  await assert.rejects(dockerEngine.open("app:1", dialing(folderWithSsh(script))), {
    code: "no-engine",
    message: /ssh: user@machine.example: Permission denied \(publickey\)\.$/,
    hint: /ssh user@machine.example docker version/,
  });
});

test("an ssh that ends without a word, or without an engine, is an error", async () => {
  await assert.rejects(dockerEngine.open("app:1", dialing(folderWithSsh("process.exitCode = 3;"))), {
    code: "no-engine",
    message: /ssh: ended with exit code 3/,
  });
  await assert.rejects(dockerEngine.open("app:1", dialing(folderWithSsh(""))), { name: "UserError" });
});

test("no ssh on the machine is an error", async () => {
  const options = openOptions({ environment: { PATH: folderOf([]), DOCKER_HOST: "ssh://machine.example" } });
  await assert.rejects(dockerEngine.open("app:1", options), { code: "no-engine", message: /ssh: .*ENOENT/ });
});
