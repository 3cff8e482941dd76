import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { run } from "../../support/tools.ts";

const folder = temporaryFolder();

/** What a made header says; the lists are written as given, true or not. */
export interface MadeHeader {
  readonly name: string;
  readonly version?: string;
  readonly release?: string;
  readonly epoch?: number;
  readonly architecture?: string;
  readonly size?: number;
  readonly longSize?: number;
  readonly files?: readonly (readonly [directoryIndex: number, baseName: string])[];
  readonly directories?: readonly string[];
  readonly provides?: readonly string[];
  readonly requires?: readonly string[];
}

/** An index entry with its value, by the types of rpm's header: 4 u32, 5 u64, 6 string, 8 array of strings. */
export type MadeTag = readonly [tag: number, type: 4 | 5 | 6 | 8, values: readonly (number | string)[]];

/** A header blob as rpm's manual lays it out: two counts, the index, the values. */
export function headerBlob(header: MadeHeader): Buffer {
  const { name, version = "1", release = "1", architecture = "noarch", files = [] } = header;
  return blobOf([
    [1000, 6, [name]],
    [1001, 6, [version]],
    [1002, 6, [release]],
    ...(header.epoch === undefined ? [] : [[1003, 4, [header.epoch]] as const]),
    ...(header.size === undefined ? [] : [[1009, 4, [header.size]] as const]),
    ...(header.longSize === undefined ? [] : [[5009, 5, [header.longSize]] as const]),
    [1022, 6, [architecture]],
    ...(header.provides === undefined ? [] : [[1047, 8, header.provides] as const]),
    ...(header.requires === undefined ? [] : [[1049, 8, header.requires] as const]),
    ...(files.length === 0 ? [] : [[1116, 4, files.map(([index]) => index)] as const]),
    ...(files.length === 0 ? [] : [[1117, 8, files.map(([, baseName]) => baseName)] as const]),
    ...(header.directories === undefined ? [] : [[1118, 8, header.directories] as const]),
  ]);
}

/** A header blob with these tags in this order. */
export function blobOf(tags: readonly MadeTag[]): Buffer {
  const index: Buffer[] = [];
  const values: Buffer[] = [];
  let offset = 0;
  for (const [tag, type, items] of tags) {
    const width = type === 4 ? 4 : type === 5 ? 8 : 1;
    const padding = Buffer.alloc((width - (offset % width)) % width);
    const value = Buffer.concat(items.map((item) => encoded(item, type)));
    index.push(u32be(tag, type, offset + padding.length, items.length));
    values.push(padding, value);
    offset += padding.length + value.length;
  }
  return Buffer.concat([u32be(tags.length, offset), ...index, ...values]);
}

function encoded(item: number | string, type: number): Buffer {
  if (typeof item === "string") return Buffer.from(`${item}\0`, "utf8");
  return type === 4 ? u32be(item) : u32be(Math.floor(item / 2 ** 32), item % 2 ** 32);
}

function u32be(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

/** An ndb database, as rpm's rpmpkg.c writes it: one page of slots, then the blobs in blocks of 16 bytes. */
export function ndbDatabase(blobs: readonly Uint8Array[]): Buffer {
  const slotPages = Math.ceil((2 + blobs.length) / 256);
  const slots = Buffer.alloc(4096 * slotPages);
  for (let at = 32; at < slots.length; at += 16) slots.write("Slot", at, "latin1");
  slots.write("RpmP", 0, "latin1");
  for (const [place, value] of [0, 7, slotPages, blobs.length + 1].entries()) slots.writeUInt32LE(value, 4 + 4 * place);
  let block = slots.length / 16;
  const stored = blobs.map((blob, index) => {
    const blocks = Math.ceil((16 + blob.length + 12) / 16);
    for (const [place, value] of [index + 1, block, blocks].entries())
      slots.writeUInt32LE(value, 32 + 16 * index + 4 + 4 * place);
    block += blocks;
    return ndbBlob(blob, index + 1, blocks);
  });
  return Buffer.concat([slots, ...stored]);
}

function ndbBlob(blob: Uint8Array, number: number, blocks: number): Buffer {
  const bytes = Buffer.alloc(16 * blocks);
  bytes.write("BlbS", 0, "latin1");
  for (const [place, value] of [number, 1_700_000_000, blob.length].entries()) bytes.writeUInt32LE(value, 4 + 4 * place);
  bytes.set(blob, 16);
  const tail = bytes.length - 12;
  bytes.writeUInt32LE(adler32(bytes.subarray(0, tail)), tail);
  bytes.writeUInt32LE(blob.length, tail + 4);
  bytes.write("BlbE", tail + 8, "latin1");
  return bytes;
}

function adler32(bytes: Uint8Array): number {
  let [low, high] = [1, 0];
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return high * 65536 + low;
}

/** A Berkeley DB hash file of these blobs, made by Berkeley DB's own loader; rpm's counter under key 0 is in it. */
export function berkeleyDatabase(blobs: readonly Uint8Array[], pageBytes: number, byteOrder: "little" | "big"): Buffer {
  const key = (number: number): string => {
    const bytes = Buffer.alloc(4);
    if (byteOrder === "little") bytes.writeUInt32LE(number);
    else bytes.writeUInt32BE(number);
    return bytes.toString("hex");
  };
  const records = [
    key(0),
    key(blobs.length),
    ...blobs.flatMap((blob, index) => [key(index + 1), Buffer.from(blob).toString("hex")]),
  ];
  const settings = [
    "format=bytevalue",
    "type=hash",
    `db_pagesize=${pageBytes}`,
    `db_lorder=${byteOrder === "little" ? 1234 : 4321}`,
  ];
  const dump = ["VERSION=3", ...settings, "HEADER=END", ...records.map((record) => ` ${record}`), "DATA=END", ""].join("\n");
  const path = join(folder, randomUUID());
  run("db5.3_load", [path], Buffer.from(dump));
  return readFileSync(path);
}

/** An SQLite package database with rpm's table, by SQLite itself. */
export function sqliteDatabase(blobs: readonly Uint8Array[], pageBytes = 4096): Buffer {
  const path = join(folder, randomUUID());
  const database = new DatabaseSync(path);
  database.exec(
    `PRAGMA page_size = ${pageBytes}; CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)`,
  );
  const insert = database.prepare("INSERT INTO Packages (blob) VALUES (?)");
  for (const blob of blobs) insert.run(blob);
  database.close();
  return readFileSync(path);
}

/** The header blobs of an SQLite package database, as SQLite itself reads them. */
export function blobsInSqlite(path: string): Uint8Array[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT blob FROM Packages ORDER BY hnum").all();
  database.close();
  return rows.flatMap(({ blob }) => (blob instanceof Uint8Array ? [blob] : []));
}

const specification = `
Name: alpha
Version: 1.2
Release: 3
Epoch: 4
Summary: the first of two
License: MIT
BuildArch: noarch
Requires: thing-of-beta, /usr/bin/beta-tool
%description
many files
%package -n beta
Summary: the second
Provides: thing-of-beta = 1
Requires: (alpha or gamma)
%description -n beta
a file at /bin
%install
mkdir -p %{buildroot}/usr/share/alpha/deep %{buildroot}/bin %{buildroot}/usr/bin
for number in $(seq 1 300); do echo $number > %{buildroot}/usr/share/alpha/deep/file-with-a-long-name-$number; done
echo > "%{buildroot}/usr/share/alpha/späße"
echo hello > %{buildroot}/bin/beta
echo hello > %{buildroot}/usr/bin/beta-tool
%files
/usr/share/alpha
%files -n beta
/bin/beta
/usr/bin/beta-tool
`;

/** A folder with the database that rpm itself keeps of two packages that rpmbuild has made: alpha with 303 paths, and beta. */
export function realDatabase(): string {
  const work = temporaryFolder();
  const database = join(work, "database");
  mkdirSync(database);
  writeFileSync(join(work, "alpha.spec"), specification);
  run("rpmbuild", ["-bb", "--quiet", "--define", `_topdir ${work}`, join(work, "alpha.spec")]);
  const made = join(work, "RPMS", "noarch");
  const packages = readdirSync(made)
    .sort()
    .map((name) => join(made, name));
  run("rpm", ["--dbpath", database, "--initdb"]);
  run("rpm", ["--dbpath", database, "--install", "--justdb", "--nodeps", "--noscripts", ...packages]);
  return database;
}
