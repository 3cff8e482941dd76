import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBerkeleyDb } from "../../../src/catalogers/rpm/berkeley-db.ts";
import { without } from "../../support/tools.ts";
import { berkeleyDatabase } from "./make-databases.ts";

const why = without("db5.3_load", ["-V"]);

function parsed(file: Uint8Array): { values: string[]; messages: string[] } {
  const messages: string[] = [];
  const values = [...parseBerkeleyDb(file, (message) => void messages.push(message))].map((value) =>
    Buffer.from(value).toString(),
  );
  return { values: values.sort(), messages };
}

/** Pages of 512 bytes of a type, by their numbers. */
function pagesOf(file: Buffer, type: number): number[] {
  return Array.from({ length: file.length / 512 }, (_, page) => page).filter((page) => file[page * 512 + 25] === type);
}

const values = ["small", "x".repeat(300), "y".repeat(400), "z".repeat(5000)];

test("berkeley-db: values on their page and on others, rpm's counter left out", (t) => {
  if (why !== false) return t.skip(why);
  for (const byteOrder of ["little", "big"] as const) {
    const file = berkeleyDatabase(
      values.map((value) => Buffer.from(value)),
      512,
      byteOrder,
    );
    assert.ok(pagesOf(file, 7).length >= 10, "long values are on overflow pages");
    assert.deepEqual(parsed(file), { values: values.toSorted(), messages: [] });
  }
});

test("berkeley-db: thousands of values over many pages", (t) => {
  if (why !== false) return t.skip(why);
  const many = Array.from({ length: 3000 }, (_, index) => `value ${index} ${"-".repeat(index % 200)}`);
  assert.deepEqual(
    parsed(
      berkeleyDatabase(
        many.map((value) => Buffer.from(value)),
        4096,
        "little",
      ),
    ).values,
    many.toSorted(),
  );
});

test("berkeley-db: overflow pages that lead nowhere or in a circle cost one value", (t) => {
  if (why !== false) return t.skip(why);
  const file = berkeleyDatabase(
    values.map((value) => Buffer.from(value)),
    512,
    "little",
  );
  const chain = pagesOf(file, 7).filter((page) => file.readUInt32LE(page * 512 + 16) !== 0);
  const page = chain[2] ?? 0;
  const others = values.slice(0, 3).sort();
  for (const [value, says] of [
    [page, `its overflow pages lead to page ${page}`],
    [0, "its overflow pages lead to page 0"],
    [0xffffffff, "its overflow pages lead to page 4294967295"],
    [1, "its overflow pages lead to page 1"],
  ] as const) {
    const changed = Buffer.from(file);
    changed.writeUInt32LE(value, page * 512 + 16);
    const result = parsed(changed);
    if (value === 1) assert.match(result.messages[0] ?? "", /page 1 is no overflow page$/);
    else assert.ok(result.messages[0]?.endsWith(says), result.messages[0]);
    assert.deepEqual(
      result.values.filter((one) => !one.startsWith("z")),
      others,
    );
    assert.equal(result.messages.length, 1);
  }
});

test("berkeley-db: items that overlap end their page", (t) => {
  if (why !== false) return t.skip(why);
  const file = berkeleyDatabase([Buffer.from("first"), Buffer.from("second")], 512, "little");
  for (const page of pagesOf(file, 13).filter((number) => file.readUInt16LE(number * 512 + 20) > 0)) {
    file.writeUInt16LE(512, page * 512 + 26);
  }
  const result = parsed(file);
  assert.deepEqual(result.values, []);
  assert.match(result.messages[0] ?? "", /^cannot read page \d+ from item 0 on: its items are not where they could be$/);
});

test("berkeley-db: what is no such database says so", (t) => {
  assert.throws(() => parsed(Buffer.alloc(100)), /cannot read a Berkeley DB: only 100 bytes/);
  assert.throws(() => parsed(Buffer.alloc(512)), /no hash database/);
  if (why !== false) return t.skip(why);
  const file = berkeleyDatabase([Buffer.from("one")], 512, "little");
  for (const pageBytes of [0, 511, 513, 256, 131072, 0xffffffff]) {
    const changed = Buffer.from(file);
    changed.writeUInt32LE(pageBytes, 20);
    assert.throws(() => parsed(changed), new RegExp(`pages of ${pageBytes} bytes`));
  }
  const cut = parsed(file.subarray(0, 1024));
  assert.match(cut.messages[0] ?? "", /^cannot read pages 2 to \d+: the file ends before$/);
  for (const [at, value] of [
    [24, 1],
    [26, 1],
  ] as const) {
    const changed = Buffer.from(file);
    changed.writeUInt8(value, at);
    assert.throws(() => parsed(changed), /encrypted or with checksums/);
  }
});
