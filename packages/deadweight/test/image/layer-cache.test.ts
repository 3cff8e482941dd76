import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type CacheOptions, openCacheDatabase } from "../../src/image/cache-database.ts";
import { type LayerCache, layerCacheIn } from "../../src/image/layer-cache.ts";
import type { LayerIndex } from "../../src/model/layer-index.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { seededRandom } from "../support/random.ts";
import { scan } from "../support/scanning.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const place = temporaryFolder();
const newFolder = (): string => mkdtempSync(join(place, "cache-"));
const spoolFolder = newFolder();

interface Opened extends LayerCache {
  readonly problems: readonly string[];
}

function open(folder: string, options: Partial<CacheOptions> = {}): Opened {
  const problems: string[] = [];
  let clock = 0;
  const database = openCacheDatabase({
    folder,
    version: "1",
    mostBytes: 1e9,
    now: () => ++clock,
    onProblem: (message) => problems.push(message),
    ...options,
  });
  return { ...layerCacheIn(database), problems };
}

function noise(length: number, seed = 1): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

const entries: readonly TestEntry[] = [
  { path: "etc/", uid: 3 },
  { path: "etc/caf\xe9", content: "x", xattrs: { "user.y": "\0\xff" } },
  { path: "l", type: "symlink", link: "etc" },
  { path: "h", type: "hardlink", link: "etc/caf\xe9" },
  { path: "db", content: "captured" },
  { path: "../odd" },
];
const index = scan(tarOf(entries), { wants: [{ names: ["db"] }] });
/** An index whose stored form is about `length` bytes. */
const large = (length: number, seed = 1): LayerIndex => ({ ...index, captures: [{ entry: 4, bytes: noise(length, seed) }] });
const plain = (index: LayerIndex | undefined): unknown => {
  assert.ok(index !== undefined, "a hit");
  const captures = index.captures.map(({ entry, bytes, spooled }) => [
    entry,
    Buffer.from(bytes ?? readFileSync(spooled ?? "")).toString("latin1"),
  ]);
  return { ...index, paths: { ...index.paths.data(), names: [...index.paths.data().names] }, captures };
};

test("what was put comes back, in this process and in another one, every column of it", () => {
  const folder = newFolder();
  const cache = open(folder);
  assert.equal(cache.get("a", spoolFolder), undefined);
  cache.put("a", index);
  assert.deepEqual(plain(cache.get("a", spoolFolder)), plain(index));
  assert.equal(cache.get("b", spoolFolder), undefined);
  cache.close();
  const later = open(folder);
  assert.deepEqual(plain(later.get("a", spoolFolder)), plain(index));
  later.close();
  assert.deepEqual([...cache.problems, ...later.problems], []);
});

test("another version finds nothing of this one's", () => {
  const folder = newFolder();
  const cache = open(folder);
  cache.put("a", index);
  cache.close();
  const other = open(folder, { version: "2" });
  assert.equal(other.get("a", spoolFolder), undefined);
  other.close();
});

test("the folder is for the user alone", () => {
  const folder = join(newFolder(), "deep", "cache");
  const cache = open(folder);
  cache.put("a", index);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  cache.close();
});

test("the longest unused go first, and the newest stays", () => {
  const cache = open(newFolder(), { mostBytes: 350_000 });
  for (const [number, key] of ["a", "b", "c"].entries()) cache.put(key, large(100_000, number));
  assert.ok(cache.get("a", spoolFolder));
  cache.put("d", large(100_000, 4));
  assert.deepEqual(
    ["a", "b", "c", "d"].map((key) => cache.get(key, spoolFolder) !== undefined),
    [true, false, true, true],
  );
  cache.put("too large", large(400_000));
  assert.equal(cache.get("too large", spoolFolder), undefined);
  assert.ok(cache.get("d", spoolFolder));
  cache.close();
});

test("of entries used at the same time no more go than must", () => {
  const cache = open(newFolder(), { mostBytes: 350_000, now: () => 7 });
  for (const [number, key] of ["a", "b", "c", "d"].entries()) cache.put(key, large(100_000, number));
  assert.equal(["a", "b", "c", "d"].filter((key) => cache.get(key, spoolFolder) !== undefined).length, 3);
  cache.close();
});

test("large captured files go to files of their own and back; too many are not kept", () => {
  const folder = newFolder();
  const cache = open(folder);
  const spooled = join(spoolFolder, "spooled");
  writeFileSync(spooled, noise(1_500_000));
  const index = { ...large(10), captures: [{ entry: 4, spooled }] };
  cache.put("a", index);
  const [capture] = cache.get("a", spoolFolder)?.captures ?? [];
  assert.ok(capture?.bytes === undefined && capture?.spooled !== undefined && capture.spooled !== spooled);
  assert.ok(readFileSync(capture.spooled).equals(readFileSync(spooled)));
  assert.equal(statSync(capture.spooled).mode & 0o777, 0o600);
  truncateSync(spooled, 257 * 1024 * 1024);
  cache.put("b", index);
  assert.equal(cache.get("b", spoolFolder), undefined);
  assert.deepEqual(cache.problems, []);
  cache.close();
});

test("a value that was cut off or changed is a miss, told once, and can be put again", () => {
  const changes: readonly ((value: Uint8Array) => Uint8Array)[] = [
    (value) => value.subarray(0, value.length - 3),
    (value) => value.subarray(0, 10),
    () => new Uint8Array(0),
    (value) => Buffer.from(value).fill(0x55, value.length - 200, value.length - 100),
    () => Buffer.from("no zstd at all"),
  ];
  for (const change of changes) {
    const folder = newFolder();
    const cache = open(folder);
    cache.put("a", large(5000));
    cache.put("b", index);
    cache.close();
    const database = new DatabaseSync(join(folder, "layers.sqlite"));
    const value = database.prepare("SELECT value FROM layers WHERE key LIKE '%a'").get()?.["value"] as Uint8Array;
    database.prepare("UPDATE layers SET value = ? WHERE key LIKE '%a'").run(change(value));
    database.close();
    const again = open(folder);
    assert.equal(again.get("a", spoolFolder), undefined);
    assert.equal(again.get("a", spoolFolder), undefined);
    assert.ok(again.get("b", spoolFolder), "others are still there");
    assert.equal(again.problems.length, 1, again.problems.join("\n"));
    assert.match(again.problems[0] ?? "", /^cache: reading: .*; going on without it$/);
    again.put("a", index);
    assert.deepEqual(plain(again.get("a", spoolFolder)), plain(index));
    again.close();
  }
});

test("a file that is no database is moved aside, with what SQLite keeps beside it", () => {
  const folder = newFolder();
  const path = join(folder, "layers.sqlite");
  writeFileSync(path, "this is no database, but long enough to be looked at as one: ".repeat(100));
  writeFileSync(`${path}-wal`, "left over");
  const cache = open(folder);
  assert.equal(cache.get("a", spoolFolder), undefined);
  cache.put("a", index);
  assert.ok(cache.get("a", spoolFolder));
  cache.close();
  assert.deepEqual(cache.problems, []);
  assert.match(readFileSync(`${path}.broken`, "latin1"), /^this is no database/);
  assert.ok(!existsSync(`${path}-wal`) || !readFileSync(`${path}-wal`, "latin1").includes("left over"));
});

test("a database whose pages are broken is moved aside for the next run", () => {
  const folder = newFolder();
  const path = join(folder, "layers.sqlite");
  const first = open(folder);
  for (let number = 0; number < 20; number++) first.put(`key ${number}`, large(20_000, number));
  first.close();
  const broken = readFileSync(path);
  broken.fill(0xa5, 3 * 4096, broken.length - 4096);
  writeFileSync(path, broken);
  const second = open(folder);
  for (let number = 0; number < 20; number++) second.get(`key ${number}`, spoolFolder);
  second.close();
  const third = open(folder);
  third.put("a", index);
  assert.deepEqual(plain(third.get("a", spoolFolder)), plain(index));
  third.close();
  assert.deepEqual(third.problems, []);
  assert.ok(second.problems.length <= 1, second.problems.join("\n"));
});

test("a folder that can't be made is told of once, and all is a miss", () => {
  const file = join(newFolder(), "file");
  writeFileSync(file, "");
  const cache = open(join(file, "cache"));
  cache.put("a", index);
  assert.equal(cache.get("a", spoolFolder), undefined);
  assert.equal(cache.get("a", spoolFolder), undefined);
  assert.equal(cache.problems.length, 1, cache.problems.join("\n"));
  cache.close();
});

test("a database of another form is a miss and no crash", () => {
  const folder = newFolder();
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, "layers.sqlite"));
  database.exec("CREATE TABLE layers (other TEXT)");
  database.close();
  const cache = open(folder);
  cache.put("a", index);
  assert.equal(cache.get("a", spoolFolder), undefined);
  assert.equal(cache.problems.length, 1, cache.problems.join("\n"));
  cache.close();
});

test("four processes put and get at once: no problem, nothing wrong comes back", async () => {
  const folder = newFolder();
  const script = join(folder, "process.mjs");
  const at = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  writeFileSync(
    script,
    `
    const { openCacheDatabase } = await import(${at("../../src/image/cache-database.ts")});
    const { layerCacheIn } = await import(${at("../../src/image/layer-cache.ts")});
    const { scan } = await import(${at("../support/scanning.ts")});
    const { tarOf } = await import(${at("../support/layers.ts")});
    const problems = [];
    const cache = layerCacheIn(openCacheDatabase({ folder: ${JSON.stringify(folder)}, version: "1", mostBytes: 3000, now: Date.now, onProblem: (text) => problems.push(text) }));
    for (let turn = 0; turn < 60; turn++) {
      const key = "key" + (turn % 7);
      const found = cache.get(key, ${JSON.stringify(spoolFolder)});
      if (found !== undefined && found.paths.path(found.path[0]) !== key) problems.push("another layer came back");
      cache.put(key, scan(tarOf([{ path: key }])));
    }
    cache.close();
    console.log(JSON.stringify(problems));
    `,
  );
  const processes = Array.from({ length: 4 }, async () => {
    const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (piece: Buffer) => (output += piece.toString()));
    await once(child, "close");
    return output.trim();
  });
  assert.deepEqual(await Promise.all(processes), ["[]", "[]", "[]", "[]"]);
  assert.ok(readdirSync(folder).includes("layers.sqlite"));
});
