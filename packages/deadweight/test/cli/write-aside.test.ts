import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkWritable, writeAside } from "../../src/cli/write-aside.ts";
import { UserError } from "../../src/lib/user-error.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const failsWith =
  (exitCode: number, message: RegExp) =>
  (error: unknown): true => {
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, message);
    assert.equal(error.exitCode, exitCode);
    return true;
  };

test("a new file, and an old one replaced; nothing else stays behind", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "report.json");
  await writeAside(path, "one");
  await writeAside(path, "two");
  assert.equal(readFileSync(path, "utf8"), "two");
  assert.deepEqual(readdirSync(folder), ["report.json"]);
});

test("a link stays a link", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "real"));
  writeFileSync(join(folder, "real/report"), "old");
  symlinkSync("real/report", join(folder, "link"));
  await writeAside(join(folder, "link"), "new");
  assert.ok(lstatSync(join(folder, "link")).isSymbolicLink());
  assert.equal(readFileSync(join(folder, "real/report"), "utf8"), "new");
});

test("a pipe is written to, not replaced", async (t) => {
  const folder = temporaryFolder();
  const path = join(folder, "pipe");
  const [code] = (await once(spawn("mkfifo", [path]), "close")) as [number];
  if (code !== 0) return t.skip("mkfifo: not here");
  const reader = spawn("cat", [path], { stdio: ["ignore", "pipe", "inherit"] });
  let read = "";
  reader.stdout.setEncoding("utf8").on("data", (text: string) => (read += text));
  await Promise.all([writeAside(path, "through the pipe"), once(reader, "close")]);
  assert.equal(read, "through the pipe");
  assert.ok(lstatSync(path).isFIFO());
});

test("a name of 255 bytes can be written", async () => {
  const path = join(temporaryFolder(), "n".repeat(255));
  await writeAside(path, "x");
  assert.equal(readFileSync(path, "utf8"), "x");
});

test("what can't be written is told before the work, or leaves nothing behind", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");
  await assert.rejects(checkWritable(join(folder, "none/report.json")), failsWith(2, /there is no folder .*none$/));
  await assert.rejects(checkWritable(join(folder, "file/report.json")), failsWith(2, /is no folder/));
  await assert.rejects(checkWritable(folder), failsWith(2, /it is a folder/));
  await assert.rejects(writeAside(join(folder, "none/report.json"), "x"), failsWith(3, /there is no folder/));
  await assert.rejects(writeAside(join(folder, "n".repeat(256)), "x"), failsWith(3, /ENAMETOOLONG/));
  assert.deepEqual(readdirSync(folder), ["file"]);
});
