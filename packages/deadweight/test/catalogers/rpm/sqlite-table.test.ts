import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import * as fc from "fast-check";
import { openSqlitePages } from "../../../src/catalogers/rpm/sqlite-pages.ts";
import { readSqliteTable, type SqliteRow } from "../../../src/catalogers/rpm/sqlite-table.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

function written(statements: string, pageBytes = 512): { file: Buffer; root: number } {
  const path = join(folder, randomUUID());
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA page_size = ${pageBytes}; ${statements}`);
  const root = Number(database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 't'").get()?.["rootpage"]);
  database.close();
  return { file: readFileSync(path), root };
}

function rowsOf({ file, root }: { file: Buffer; root: number }): { rows: SqliteRow[]; messages: string[] } {
  const messages: string[] = [];
  const rows = [...readSqliteTable(openSqlitePages(file, undefined), root, (message) => void messages.push(message))];
  return { rows, messages };
}

test("sqlite-table: every type of value", () => {
  const made = written(
    "CREATE TABLE t (a, b); INSERT INTO t VALUES (NULL, 0), (1, -1), (300, -70000), (1099511627776, 'text'), (x'00ff', ''), (1.5, x'')",
  );
  assert.deepEqual(rowsOf(made), {
    rows: [
      [undefined, 0],
      [1, -1],
      [300, -70000],
      [1099511627776, Buffer.from("text")],
      [Buffer.from([0, 255]), Buffer.from("")],
      [undefined, Buffer.from("")],
    ],
    messages: [],
  });
});

test("sqlite-table: blobs of any length in pages of any size come back as SQLite stored them", () => {
  const lengths = fc.array(fc.nat(5000), { minLength: 1, maxLength: 30 });
  const property = fc.property(fc.constantFrom(512, 1024, 4096), lengths, (pageBytes, sizes) => {
    const values = sizes.map((size, index) => `(x'${Buffer.alloc(size, index + 1).toString("hex")}')`).join(",");
    const { rows, messages } = rowsOf(written(`CREATE TABLE t (a); INSERT INTO t VALUES ${values}`, pageBytes));
    assert.deepEqual(messages, []);
    assert.deepEqual(
      rows.map(([blob]) => blob),
      sizes.map((size, index) => Buffer.alloc(size, index + 1)),
    );
  });
  fc.assert(property, { numRuns: 40, seed: 7 });
});

test("sqlite-table: a tree of several levels, in the order of its keys", () => {
  const made = written(
    "CREATE TABLE t (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT i FROM n",
  );
  const { rows, messages } = rowsOf(made);
  assert.deepEqual(messages, []);
  assert.deepEqual(
    rows.map(([value]) => value),
    Array.from({ length: 20000 }, (_, index) => index + 1),
  );
});

test("sqlite-table: reserved bytes at the end of pages are no content", () => {
  const made = written(`CREATE TABLE t (a); INSERT INTO t VALUES (x'${"ab".repeat(3000)}')`);
  const header = Buffer.from(made.file);
  header.writeUInt8(33, 20);
  assert.throws(() => openSqlitePages(header, undefined), /pages of 512 bytes of which 479 are used/);
});

/** Pages that are each the child of the one before, three hundred times over: SQLite would visit 300^depth leaves. */
function endless(depth: number): Buffer {
  const { file } = written("CREATE TABLE t (a); INSERT INTO t VALUES (1)", 4096);
  const interior = (child: number): Buffer => {
    const page = Buffer.alloc(4096);
    page.writeUInt8(5, 0);
    page.writeUInt16BE(300, 3);
    page.writeUInt32BE(child, 8);
    for (let cell = 0; cell < 300; cell++) {
      page.writeUInt16BE(4096 - 5 * (cell + 1), 12 + 2 * cell);
      page.writeUInt32BE(child, 4096 - 5 * (cell + 1));
      page.writeUInt8(1, 4096 - 5 * (cell + 1) + 4);
    }
    return page;
  };
  const leaf = file.subarray(4096, 8192);
  return Buffer.concat([file.subarray(0, 4096), ...Array.from({ length: depth }, (_, level) => interior(level + 3)), leaf]);
}

test("sqlite-table: no page is read twice, so that a small file can't go on for ever", () => {
  const { rows, messages } = rowsOf({ file: endless(15), root: 2 });
  assert.deepEqual(rows, [[1]]);
  assert.equal(messages.length, 15 * 300);
  assert.equal(messages[0], "cannot read page 17: missing, of another kind, in two places or too deep");
});

test("sqlite-table: no tree is deeper than SQLite makes them", () => {
  const { rows, messages } = rowsOf({ file: endless(30), root: 2 });
  assert.deepEqual(rows, []);
  assert.ok(messages.length > 0);
});

test("sqlite-table: rows that all point to the same bytes end with the size of the file", () => {
  const made = written(`CREATE TABLE t (a); INSERT INTO t VALUES (x'${"cd".repeat(3000)}')`, 4096);
  const page = made.file.subarray((made.root - 1) * 4096, made.root * 4096);
  const cell = page.readUInt16BE(8);
  const cells = Math.floor((cell - 8) / 2);
  page.writeUInt16BE(cells, 3);
  for (let index = 0; index < cells; index++) page.writeUInt16BE(cell, 8 + 2 * index);
  const { rows, messages } = rowsOf(made);
  assert.equal(made.file.length, 8192);
  assert.equal(rows.length, 2);
  assert.ok(messages.length > 100);
});
