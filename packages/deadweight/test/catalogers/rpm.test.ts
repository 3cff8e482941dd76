import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import * as fc from "fast-check";
import { rpm } from "../../src/catalogers/rpm.ts";
import type { Catalog } from "../../src/contracts/cataloger.ts";
import { wantedFilesOf } from "../support/layers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { run, without } from "../support/tools.ts";
import { berkeleyDatabase, blobsInSqlite, headerBlob, ndbDatabase, realDatabase, sqliteDatabase } from "./rpm/make-databases.ts";
import { mutations, mutated } from "./rpm/mutations.ts";
import { sampleBlobs } from "./rpm/sample-headers.ts";

function catalogOf(files: Readonly<Record<string, Uint8Array>>): Catalog {
  return rpm.catalog(
    wantedFilesOf(
      rpm,
      Object.entries(files).map(([path, content]) => ({ path, content })),
    ),
  );
}

/** Skips the test when this machine can't make real databases. */
function lacks(t: TestContext, ...programs: readonly string[]): boolean {
  const reasons = programs.map((program) => without(program, program === "db5.3_load" ? ["-V"] : ["--version"]));
  const reason = reasons.find((why) => why !== false);
  if (typeof reason === "string") t.skip(reason);
  return typeof reason === "string";
}

const sample = {
  names: ["glibc 2.34-60.el9", "data 2:1-1", "gpg-pubkey fd431d51-4ae0493b"],
  paths: 2 + 1 + 400,
};

function assertSample(catalog: Catalog): void {
  assert.deepEqual(catalog.problems, []);
  assert.deepEqual(catalog.packages.map(({ name, version }) => `${name} ${version}`).sort(), sample.names.toSorted());
  assert.equal(
    catalog.packages.reduce((sum, { paths }) => sum + paths.length, 0),
    sample.paths,
  );
  const glibc = catalog.packages.find(({ name }) => name === "glibc");
  assert.deepEqual(glibc?.paths, ["lib64/libc.so.6", "usr/lib64/libc.so.6", "usr/share/glibc"]);
  assert.equal(glibc?.declaredBytes, 6_000_000);
  assert.deepEqual(catalog.packages.find(({ name }) => name === "data")?.requires, ["glibc"]);
}

test("rpm: the same packages from SQLite and ndb, whatever the page size", () => {
  for (const pageBytes of [512, 4096, 65536]) {
    assertSample(catalogOf({ "var/lib/rpm/rpmdb.sqlite": sqliteDatabase(sampleBlobs, pageBytes) }));
  }
  assertSample(catalogOf({ "usr/lib/sysimage/rpm/Packages.db": ndbDatabase(sampleBlobs) }));
});

test("rpm: the same packages from a Berkeley DB, in either byte order and whatever the page size", (t) => {
  if (lacks(t, "db5.3_load")) return;
  for (const byteOrder of ["little", "big"] as const) {
    for (const pageBytes of [512, 4096, 65536]) {
      assertSample(catalogOf({ "var/lib/rpm/Packages": berkeleyDatabase(sampleBlobs, pageBytes, byteOrder) }));
    }
  }
});

test("rpm: says what rpm says of a database that rpm made, in all three formats", (t) => {
  if (lacks(t, "rpm", "rpmbuild", "db5.3_load")) return;
  const folder = realDatabase();
  const query = (format: string): string[] =>
    run("rpm", ["--dbpath", folder, "-qa", "--queryformat", format]).toString("latin1").trim().split("\n").sort();
  const packages = query("%{NAME} %{EVR} %{SIZE}\\n");
  const files = query("[%{=NAME} %{FILENAMES}\\n]");
  assert.equal(files.length, 303 + 2);

  const blobs = blobsInSqlite(join(folder, "rpmdb.sqlite"));
  const formats = {
    "var/lib/rpm/rpmdb.sqlite": readFileSync(join(folder, "rpmdb.sqlite")),
    "var/lib/rpm/Packages.db": ndbDatabase(blobs),
    "var/lib/rpm/Packages": berkeleyDatabase(blobs, 4096, "little"),
  };
  for (const [path, content] of Object.entries(formats)) {
    const catalog = catalogOf({ [path]: content });
    assert.deepEqual(catalog.problems, []);
    assert.deepEqual(catalog.packages.map((one) => `${one.name} ${one.version} ${one.declaredBytes}`).sort(), packages);
    const paths = catalog.packages.flatMap((one) => one.paths.map((listed) => `${one.name} /${listed}`));
    assert.deepEqual(paths.sort(), [...files, "beta /usr/bin/beta"].sort());
    assert.deepEqual(catalog.packages.find(({ name }) => name === "alpha")?.requires, ["beta"]);
    assert.deepEqual(catalog.packages.find(({ name }) => name === "beta")?.requires, ["alpha"]);
  }
});

test("rpm: the Berkeley DB of these tests is one that rpm reads", (t) => {
  if (lacks(t, "rpm", "db5.3_load")) return;
  const folder = temporaryFolder();
  writeFileSync(join(folder, "Packages"), berkeleyDatabase(sampleBlobs.slice(0, 2), 4096, "little"));
  const result = spawnSync("rpm", [
    "--dbpath",
    folder,
    "--define",
    "_db_backend bdb_ro",
    "-qa",
    "--queryformat",
    "%{NAME} %{EVR}\\n",
  ]);
  if (/_db_backend/.test(result.stderr.toString())) return t.skip("rpm: built without Berkeley DB");
  assert.deepEqual(result.stdout.toString().trim().split("\n").sort(), sample.names.slice(0, 2).sort());
});

/** A database whose last change lies in its log alone, as after a crash or in an image made while rpm ran. */
function withLog(change: string): { file: Buffer; log: Buffer } {
  const folder = temporaryFolder();
  const path = join(folder, "rpmdb.sqlite");
  writeFileSync(path, sqliteDatabase(sampleBlobs));
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  database.exec(change);
  const copy = join(folder, "copy");
  copyFileSync(path, copy);
  copyFileSync(`${path}-wal`, `${copy}-wal`);
  database.close();
  return { file: readFileSync(copy), log: readFileSync(`${copy}-wal`) };
}

test("rpm: changes in SQLite's write-ahead log count, up to the last commit that is whole", () => {
  const renamed = headerBlob({ name: "renamed" });
  const hex = renamed.toString("hex");
  const { file, log } = withLog(
    `DELETE FROM Packages WHERE hnum = 1; INSERT INTO Packages (blob) VALUES (x'${hex}'); DELETE FROM Packages WHERE hnum = 2`,
  );
  const names = (bytes: Uint8Array): string[] =>
    catalogOf({ "var/lib/rpm/rpmdb.sqlite": file, "var/lib/rpm/rpmdb.sqlite-wal": bytes }).packages.map(({ name }) => name);
  assert.deepEqual(names(log), ["gpg-pubkey", "renamed"]);
  assert.deepEqual(names(log.subarray(0, -1)), ["data", "gpg-pubkey", "renamed"], "a frame that ends too soon is none");
  const flipped = Buffer.from(log);
  flipped.writeUInt8(flipped.readUInt8(flipped.length - 1) ^ 1, flipped.length - 1);
  assert.deepEqual(names(flipped), ["data", "gpg-pubkey", "renamed"], "a frame with a wrong checksum is none");
  assert.deepEqual(names(Buffer.alloc(0)), ["glibc", "data", "gpg-pubkey"]);
  assert.deepEqual(names(Buffer.from("no log at all, but more than its header takes")), ["glibc", "data", "gpg-pubkey"]);
});

test("rpm: a database that is in its log alone", () => {
  const folder = temporaryFolder();
  const path = join(folder, "rpmdb.sqlite");
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
  database.exec("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)");
  database.prepare("INSERT INTO Packages (blob) VALUES (?)").run(sampleBlobs[0] ?? "");
  const log = readFileSync(`${path}-wal`);
  database.close();
  const catalog = catalogOf({ "var/lib/rpm/rpmdb.sqlite": Buffer.alloc(0), "var/lib/rpm/rpmdb.sqlite-wal": log });
  assert.deepEqual(
    catalog.packages.map(({ name }) => name),
    ["glibc"],
  );
});

test("rpm: of several databases the newest format in the newest place counts, and the others are told", () => {
  const one = (name: string): Buffer[] => [headerBlob({ name })];
  const catalog = catalogOf({
    "usr/lib/sysimage/rpm/Packages.db": ndbDatabase(one("newer")),
    "var/lib/rpm/rpmdb.sqlite": sqliteDatabase(one("older")),
  });
  assert.deepEqual(
    catalog.packages.map(({ name }) => name),
    ["newer"],
  );
  assert.deepEqual(catalog.problems, [
    {
      path: "var/lib/rpm/rpmdb.sqlite",
      layer: 0,
      message: "not read: usr/lib/sysimage/rpm/Packages.db is the database that rpm uses",
    },
  ]);
});

test("rpm: a database without packages leaves the word to the next, one that can't be read too", () => {
  const old = ndbDatabase([headerBlob({ name: "kept" })]);
  const empty = catalogOf({ "var/lib/rpm/rpmdb.sqlite": sqliteDatabase([]), "var/lib/rpm/Packages.db": old });
  assert.deepEqual(
    empty.packages.map(({ name }) => name),
    ["kept"],
  );
  assert.deepEqual(empty.problems, []);
  const broken = catalogOf({ "var/lib/rpm/rpmdb.sqlite": Buffer.from("nonsense"), "var/lib/rpm/Packages.db": old });
  assert.deepEqual(
    broken.packages.map(({ name }) => name),
    ["kept"],
  );
  assert.deepEqual(broken.problems, [
    { path: "var/lib/rpm/rpmdb.sqlite", layer: 0, message: "cannot read an SQLite database: no SQLite database" },
  ]);
});

test("rpm: databases of other places are none", () => {
  const content = ndbDatabase(sampleBlobs);
  assert.deepEqual(catalogOf({ "srv/var/lib/rpm/Packages.db": content, "var/lib/rpm/old/Packages.db": content }), {
    packages: [],
    problems: [],
  });
});

test("rpm: one package that can't be read does not cost the others", () => {
  const bad = headerBlob({
    name: "bad",
    directories: ["/usr/"],
    files: [
      [0, "there"],
      [7, "nowhere"],
    ],
  });
  const torn = headerBlob({ name: "torn" }).subarray(0, 40);
  const catalog = catalogOf({ "var/lib/rpm/Packages.db": ndbDatabase([...sampleBlobs, bad, torn]) });
  assert.deepEqual(
    catalog.packages.map(({ name }) => name),
    ["glibc", "data", "gpg-pubkey", "bad"],
  );
  assert.deepEqual(catalog.packages.at(-1)?.paths, ["usr/there"]);
  assert.deepEqual(
    catalog.problems?.map(({ message }) => message),
    [
      "cannot read a package header: 4 entries end at 88 of 40 bytes",
      "cannot tell 1 files of bad: in no folder, or longer than 4096 bytes",
    ],
  );
});

test("rpm: a package that is installed for two architectures has two names", () => {
  const of = (name: string, architecture: string): Buffer => headerBlob({ name, architecture });
  const blobs = [of("glibc", "i686"), of("glibc", "x86_64"), of("bash", "x86_64"), of("tzdata", "noarch")];
  const catalog = catalogOf({ "var/lib/rpm/Packages.db": ndbDatabase(blobs) });
  assert.deepEqual(
    catalog.packages.map(({ name }) => name),
    ["glibc.i686", "glibc", "bash", "tzdata"],
  );
});

const small = [
  headerBlob({ name: "a", directories: ["/usr/"], files: [[0, "x".repeat(900)]], requires: ["b"] }),
  headerBlob({ name: "b" }),
];

test("rpm: whatever is changed in a database, what comes out is packages and problems", (t) => {
  const databases: Record<string, Buffer> = {
    "var/lib/rpm/rpmdb.sqlite": sqliteDatabase(small, 512),
    "var/lib/rpm/Packages.db": ndbDatabase(small),
  };
  if (without("db5.3_load", ["-V"]) === false) databases["var/lib/rpm/Packages"] = berkeleyDatabase(small, 512, "little");
  else t.diagnostic("db5.3_load: not on this machine, Berkeley DB left out");
  for (const [path, content] of Object.entries(databases)) {
    const files = wantedFilesOf(rpm, [{ path, content }]);
    const property = fc.property(mutations(content.length), (changes) => {
      const bytes = mutated(content, changes);
      const catalog = rpm.catalog(files.map((file) => ({ ...file, size: bytes.length, bytes: () => bytes })));
      // No change makes more of the database than it has room for.
      assert.ok(catalog.packages.length <= bytes.length / 32);
      assert.ok((catalog.problems?.length ?? 0) <= 51);
    });
    fc.assert(property, { numRuns: 1500, seed: 7 });
  }
});

test("rpm: a write-ahead log can be anything", () => {
  const { file, log } = withLog("DELETE FROM Packages WHERE hnum = 2");
  const [database, journal] = wantedFilesOf(rpm, [
    { path: "var/lib/rpm/rpmdb.sqlite", content: file },
    { path: "var/lib/rpm/rpmdb.sqlite-wal", content: log },
  ]);
  assert.ok(database !== undefined && journal !== undefined);
  const property = fc.property(mutations(log.length), (changes) => {
    const bytes = mutated(log, changes);
    const { packages } = rpm.catalog([database, { ...journal, size: bytes.length, bytes: () => bytes }]);
    // Checksums see every change: the log counts as a whole or not at all.
    assert.ok(packages.length === 3 || packages.length === 2);
  });
  fc.assert(property, { numRuns: 500, seed: 7 });
});
