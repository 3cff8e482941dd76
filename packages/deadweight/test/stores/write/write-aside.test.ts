import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../../src/lib/user-error.ts";
import { asideName, thisOwner } from "../../../src/lib/aside-owner.ts";
import { type AsideTask, writeAside } from "../../../src/stores/write/write-aside.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const ours = thisOwner();
const deadPid = 4_194_305;

function fileTask(path: string, text: string, changes: Partial<AsideTask> = {}): AsideTask {
  return {
    path,
    kind: "file",
    place: "file x",
    needed: text.length,
    force: false,
    fill: (at) => writeFile(at, text),
    ...changes,
  };
}

function folderTask(path: string, text: string, changes: Partial<AsideTask> = {}): AsideTask {
  const fill = async (at: string): Promise<void> => {
    await mkdir(at);
    await writeFile(join(at, "content"), text);
  };
  return { path, kind: "folder", place: "folder x", needed: text.length, force: false, fill, ...changes };
}

const exists = { code: "exists", exitCode: 2, message: /is there already/ };

test("a new file and a new folder; nothing else stays behind, and both have the usual modes", async () => {
  const folder = temporaryFolder();
  await writeAside(fileTask(join(folder, "file"), "one"));
  await writeAside(folderTask(join(folder, "folder"), "one"));
  assert.deepEqual(readdirSync(folder).toSorted(), ["file", "folder"]);
  assert.equal(readFileSync(join(folder, "folder/content"), "utf8"), "one");
  writeFileSync(join(folder, "usual"), "");
  mkdirSync(join(folder, "usual-folder"));
  assert.equal(statSync(join(folder, "file")).mode, statSync(join(folder, "usual")).mode);
  assert.equal(statSync(join(folder, "folder")).mode, statSync(join(folder, "usual-folder")).mode);
});

test("aside is a folder of its own, beside the place and for nobody else", async () => {
  const folder = temporaryFolder();
  const fill = async (at: string): Promise<void> => {
    assert.equal(dirname(dirname(at)), folder);
    assert.match(basename(dirname(at)), new RegExp(`^\\.file\\.tmp-${process.pid}-[0-9a-f]{16}$`));
    assert.equal(statSync(dirname(at)).mode & 0o777, 0o700);
    await writeFile(at, "x");
  };
  await writeAside(fileTask(join(folder, "file"), "", { fill }));
});

test("what is there is refused without force and stays, and is replaced with it", async () => {
  const folder = temporaryFolder();
  for (const task of [fileTask, folderTask]) {
    const path = join(folder, task.name);
    const content = (): string => readFileSync(task === fileTask ? path : join(path, "content"), "utf8");
    await writeAside(task(path, "old"));
    await assert.rejects(writeAside(task(path, "new")), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.hint ?? "", /--force/);
      return error.code === "exists" && error.exitCode === 2;
    });
    assert.equal(content(), "old");
    await writeAside(task(path, "new", { force: true }));
    assert.equal(content(), "new");
  }
  assert.deepEqual(readdirSync(folder).toSorted(), ["fileTask", "folderTask"]);
});

test("the old one is there until the new one is whole, and stays when that fails", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "x");
  await writeAside(folderTask(path, "old"));
  const fill = async (at: string): Promise<void> => {
    await mkdir(at);
    assert.equal(readFileSync(join(path, "content"), "utf8"), "old");
    throw new UserError("digest-mismatch", "it lies");
  };
  await assert.rejects(writeAside(folderTask(path, "", { force: true, fill })), { code: "digest-mismatch" });
  assert.equal(readFileSync(join(path, "content"), "utf8"), "old");
  assert.deepEqual(readdirSync(folder), ["x"]);
});

test("a file is not replaced by a folder nor a folder by a file, nor what is no file at all", async () => {
  const folder = temporaryFolder();
  await writeAside(fileTask(join(folder, "file"), "old"));
  await writeAside(folderTask(join(folder, "folder"), "old"));
  execFileSync("mkfifo", [join(folder, "pipe")]);
  symlinkSync("nowhere", join(folder, "dangling"));
  for (const task of [
    folderTask(join(folder, "file"), "new", { force: true }),
    fileTask(join(folder, "folder"), "new", { force: true }),
    fileTask(join(folder, "pipe"), "new", { force: true }),
    fileTask(join(folder, "dangling"), "new", { force: true }),
    fileTask(join(folder, "dangling"), "new"),
  ]) {
    await assert.rejects(writeAside(task), exists);
  }
  assert.deepEqual(readdirSync(folder).toSorted(), ["dangling", "file", "folder", "pipe"]);
});

test("an empty folder is as good as none", async () => {
  const path = join(temporaryFolder(), "empty");
  mkdirSync(path);
  await writeAside(folderTask(path, "new"));
  assert.equal(readFileSync(join(path, "content"), "utf8"), "new");
});

test("a link stays a link, and what it leads to is written beside itself", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "real"));
  writeFileSync(join(folder, "real/file"), "old");
  symlinkSync("real/file", join(folder, "link"));
  await writeAside(fileTask(join(folder, "link"), "new", { force: true }));
  assert.ok(lstatSync(join(folder, "link")).isSymbolicLink());
  assert.equal(readFileSync(join(folder, "real/file"), "utf8"), "new");
});

test("what comes to the place meanwhile stays", async () => {
  const folder = temporaryFolder();
  for (const task of [fileTask, folderTask]) {
    const path = join(folder, task.name);
    const { fill } = task(path, "new");
    const race = async (at: string): Promise<void> => {
      await fill(at);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, "theirs"), "theirs");
    };
    await assert.rejects(writeAside(task(path, "new", { fill: race })), exists);
    assert.deepEqual(readdirSync(path), ["theirs"]);
  }
  const path = join(folder, "file");
  const race = async (at: string): Promise<void> => {
    await writeFile(at, "ours");
    await writeFile(path, "theirs");
  };
  await assert.rejects(writeAside(fileTask(path, "", { fill: race })), exists);
  assert.equal(readFileSync(path, "utf8"), "theirs");
});

/** A folder as a process leaves it that is killed. */
function leave(folder: string, name: string, pid: number, machine = ours.machine): string {
  const path = join(folder, `.${name}.tmp-${pid}-${machine}0123456789`);
  mkdirSync(path, { mode: 0o700 });
  mkdirSync(join(path, "new"));
  writeFileSync(join(path, "new/blob"), "half");
  return path;
}

test("what killed processes left of the same name is removed, and nothing else", async () => {
  const folder = temporaryFolder();
  const gone = [leave(folder, "x", deadPid), leave(folder, "x", deadPid + 1)];
  const stays = [
    leave(folder, "x", process.ppid),
    leave(folder, "x", process.pid),
    leave(folder, "x", deadPid, "abcdef"),
    leave(folder, "xy", deadPid),
    leave(folder, "x.tmp", deadPid),
  ];
  const file = join(folder, `.x.tmp-${deadPid}-${ours.machine}1111111111`);
  writeFileSync(file, "no folder");
  mkdirSync(join(folder, ".x.tmp-mine"));
  await writeAside(fileTask(join(folder, "x"), "new"));
  assert.deepEqual(gone.map(existsSync), [false, false]);
  assert.deepEqual(
    [...stays, file, join(folder, ".x.tmp-mine")].filter((path) => !existsSync(path)),
    [],
  );
});

test("an old one of the same pid, as containers have, and one of another machine after a day are left ones too", async () => {
  const folder = temporaryFolder();
  const earlier = leave(folder, "x", process.pid);
  const foreign = leave(folder, "x", 1, "abcdef");
  utimesSync(earlier, 1, 1_000_000);
  utimesSync(foreign, 1, Date.now() / 1000 - 25 * 3600);
  await writeAside(fileTask(join(folder, "x"), "new"));
  assert.deepEqual(readdirSync(folder), ["x"]);
});

test("a process that was killed between its two moves left the old folder aside: it goes back", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "x");
  const left = leave(folder, "x", deadPid);
  mkdirSync(join(left, "old"));
  writeFileSync(join(left, "old/content"), "old");
  await assert.rejects(writeAside(folderTask(path, "new")), exists);
  assert.deepEqual(readdirSync(folder), ["x"]);
  assert.equal(readFileSync(join(path, "content"), "utf8"), "old");
});

test("what a process that was killed had begun to remove does not go back", async () => {
  const folder = temporaryFolder();
  const left = leave(folder, "x", deadPid);
  mkdirSync(join(left, "removed"));
  await writeAside(folderTask(join(folder, "x"), "new"));
  assert.deepEqual(readdirSync(folder), ["x"]);
  assert.equal(readFileSync(join(folder, "x/content"), "utf8"), "new");
});

test("an owner tells the living from the dead", () => {
  assert.equal(ours.isAlive(process.pid), true);
  assert.equal(ours.isAlive(1), true);
  assert.equal(ours.isAlive(deadPid), false);
  assert.match(ours.machine, /^[0-9a-f]{6}$/);
  assert.ok(ours.startedMs <= ours.now());
});

test("names of 255 bytes can be written, and their leftovers are found", async () => {
  const folder = temporaryFolder();
  const name = "é".repeat(127);
  const left = asideName(name, { ...ours, pid: deadPid });
  mkdirSync(join(folder, left));
  await writeAside(fileTask(join(folder, name), "new"));
  assert.deepEqual(readdirSync(folder), [name]);
  await assert.rejects(writeAside(fileTask(join(folder, "n".repeat(256)), "new")), { code: "unwritable", message: /too long/ });
});

test("a folder that is not there, or is none, is a mistake in the command", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");
  for (const path of ["none/x", "file/x"]) {
    await assert.rejects(writeAside(fileTask(join(folder, path), "new")), { code: "unwritable", exitCode: 2 });
  }
  assert.deepEqual(readdirSync(folder), ["file"]);
});

test("more than the disk has is told before anything is written", async () => {
  const folder = temporaryFolder();
  const task = fileTask(join(folder, "x"), "", { needed: 10 ** 15, fill: () => Promise.reject(new Error("not to be reached")) });
  await assert.rejects(writeAside(task), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(
      error.message,
      new RegExp(`^file x: takes at least 1000000000000000 bytes \\(1\\.00 PB\\) in ${folder}, which has \\d+`),
    );
    assert.match(error.hint ?? "", /make room/);
    return error.code === "no-space";
  });
  assert.deepEqual(readdirSync(folder), []);
});

test("a folder that may not be written to is told, with what to do and how many bytes are needed", (t) => {
  if (process.getuid?.() !== 0) return t.skip("not root: can't become somebody else");
  const folder = temporaryFolder();
  const place = join(folder, "closed");
  mkdirSync(place);
  chmodSync(folder, 0o755);
  chmodSync(dirname(folder), 0o755);
  const script = `
    import { writeAside } from ${JSON.stringify(join(import.meta.dirname, "../../../src/stores/write/write-aside.ts"))};
    process.seteuid(65534);
    const task = { path: ${JSON.stringify(join(place, "x"))}, kind: "file", place: "file x", needed: 1234, force: false, fill: async () => {} };
    await writeAside(task).catch((error) => console.log(JSON.stringify({ ...error, message: error.message })));`;
  const output = execFileSync(process.execPath, ["--input-type=module-typescript", "--eval", script], { encoding: "utf8" });
  const { code, message, hint, exitCode } = JSON.parse(output);
  assert.deepEqual([code, message, exitCode], ["unwritable", "file x: permission denied", 3]);
  assert.match(hint, /room for 1234 bytes/);
  rmdirSync(place);
  return undefined;
});
