import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../support/temporary-folder.ts";

const shim = join(import.meta.dirname, "../../bin/deadweight.cjs");
const oldNode = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => existsSync(path) && majorOf(path) < 24);
const skip = oldNode === undefined ? "no Node older than 24 in /usr/bin or /usr/local/bin" : false;

function majorOf(node: string): number {
  return Number(/^v(\d+)\./.exec(spawnSync(node, ["--version"]).stdout.toString())?.[1] ?? 99);
}

/** A copy of the shim in a package of its own, whose program is `source`. */
function installation(source: string): { folder: string; shim: string } {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "app/bin"), { recursive: true });
  mkdirSync(join(folder, "app/dist"));
  copyFileSync(shim, join(folder, "app/bin/deadweight.cjs"));
  writeFileSync(join(folder, "app/package.json"), '{"type": "module"}');
  writeFileSync(join(folder, "app/dist/bin.js"), source);
  return { folder, shim: join(folder, "app/bin/deadweight.cjs") };
}

/** A package that holds this process's Node, as npm would install it above the app. */
function installNode(folder: string, version: string = process.versions.node): void {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const place = join(folder, "node_modules", `node-${platform}-${process.arch}`);
  mkdirSync(join(place, "bin"), { recursive: true });
  writeFileSync(join(place, "package.json"), JSON.stringify({ version }));
  symlinkSync(process.execPath, join(place, "bin/node"));
}

test("with a new Node, the program of the checkout runs", () => {
  const result = spawnSync(process.execPath, [shim, "--version"], { encoding: "utf8" });
  assert.match(result.stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal(result.stderr, "");
  assert.equal(result.status, 0);
});

test("with an old Node, the one that npm installed runs it, with arguments, streams and exit code", { skip }, () => {
  const app = installation(`
    process.stdin.setEncoding("utf8").on("data", (text) => {
      console.log(process.version + " " + JSON.stringify(process.argv.slice(2)) + " " + text);
      process.exitCode = 3;
    });`);
  installNode(app.folder);
  const result = spawnSync(oldNode ?? "", [app.shim, "analyze", "a b", "*"], {
    input: "typed",
    encoding: "utf8",
    env: { PATH: "" },
  });
  assert.equal(result.stdout, `${process.version} ["analyze","a b","*"] typed\n`);
  assert.equal(result.status, 3);
});

test("with an old Node and no other installed, the first new one in PATH runs it", { skip }, () => {
  const app = installation("console.log(process.version)");
  installNode(app.folder, "22.3.0");
  const folders = ["broken", "old", "new"].map((name) => join(app.folder, name));
  for (const folder of folders) mkdirSync(folder);
  writeFileSync(join(app.folder, "broken/node"), "#!/bin/sh\nexit 1\n");
  chmodSync(join(app.folder, "broken/node"), 0o755);
  symlinkSync(oldNode ?? "", join(app.folder, "old/node"));
  symlinkSync(process.execPath, join(app.folder, "new/node"));
  const result = spawnSync(oldNode ?? "", [app.shim], { encoding: "utf8", env: { PATH: ["", "/none", ...folders].join(":") } });
  assert.equal(result.stdout, `${process.version}\n`);
});

test("without any new Node, one line says what to do, and the code is 69", { skip }, () => {
  const app = installation("console.log(1)");
  const result = spawnSync(oldNode ?? "", [app.shim], { encoding: "utf8", env: { PATH: "/none" } });
  assert.match(result.stderr, /^deadweight: needs Node 24\.15 or newer, this is v\d+\.\d+\.\d+: install one from .*\n$/);
  assert.equal(result.stdout, "");
  assert.equal(result.status, 69);
});

test("signals reach the program, and its end is ours", { skip }, async () => {
  const app = installation(`
    process.on("SIGTERM", () => { console.log("asked to stop"); process.exit(143); });
    setInterval(() => {}, 1000);
    console.log("ready");`);
  installNode(app.folder);
  const child = spawn(oldNode ?? "", [app.shim], { stdio: ["ignore", "pipe", "inherit"], env: { PATH: "" } });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (said === "") child.kill("SIGTERM");
    said += text;
  });
  const [code] = (await once(child, "close")) as [number | null];
  assert.equal(said, "ready\nasked to stop\n");
  assert.equal(code, 143);
});

test("a program that a signal killed gives 128 and the signal's number", { skip }, () => {
  const app = installation('process.kill(process.pid, "SIGKILL")');
  installNode(app.folder);
  assert.equal(spawnSync(oldNode ?? "", [app.shim], { env: { PATH: "" } }).status, 137);
});
