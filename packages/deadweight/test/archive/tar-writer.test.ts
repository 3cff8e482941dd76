import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { encodeHeader, encodePax, endOfArchive, padded, type TarRecord } from "../../src/archive/tar-writer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { readTar } from "../support/tar-reading.ts";
import { run, without } from "../support/tools.ts";

const byte = (least: number): fc.Arbitrary<string> =>
  fc.integer({ min: least, max: 255 }).map((value) => String.fromCharCode(value));
const bytes = (most: number, least = 1): fc.Arbitrary<string> => fc.string({ unit: byte(least), maxLength: most, size: "max" });
const segment = bytes(120).map((name) => name.replaceAll("/", "_") || "n");
const path = fc.oneof(
  segment,
  fc.array(segment, { minLength: 1, maxLength: 6 }).map((names) => names.join("/")),
  fc.integer({ min: 95, max: 400 }).map((length) => "n".repeat(length)),
  fc.integer({ min: 30, max: 300 }).map((depth) => `${"d/".repeat(depth)}f`),
);
const id = fc.oneof(fc.nat(70_000), fc.constantFrom(0o7777777, 0o7777777 + 1, 2 ** 31, 2 ** 32 - 2, Number.MAX_SAFE_INTEGER));
const mtime = fc.oneof(
  fc.nat(2 ** 33),
  fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  // Nanoseconds, as far as a double holds them.
  fc
    .tuple(fc.integer({ min: -(10 ** 6), max: 10 ** 6 }), fc.nat(999_999_999))
    .map(([whole, part]) => Number(`${whole}.${String(part).padStart(9, "0")}`)),
  fc.constantFrom(-0.5, -1e-9, 1e-9, 1_700_000_000.125, -1_700_000_000.75),
);
const xattrs = fc.dictionary(
  bytes(20).map((key) => `SCHILY.xattr.user.${key.replaceAll("=", "-")}`),
  bytes(300, 0).filter((value) => value !== ""),
  { maxKeys: 4 },
);

const record = fc.record({
  typeflag: fc.constantFrom("0", "1", "2", "3", "4", "5", "6"),
  name: path,
  linkname: path,
  mode: fc.nat(0o7777),
  uid: id,
  gid: id,
  mtime,
  uname: bytes(40),
  gname: bytes(40),
  devmajor: fc.nat(0o7777777),
  devminor: fc.nat(0o7777777),
  pax: xattrs.map((attributes) => new Map(Object.entries(attributes))),
  content: fc.uint8Array({ maxLength: 1500, size: "max" }),
});

test("what is written reads back: every field, any bytes", () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 4 }), (records) => {
      const written = records.map(({ content, ...fields }) => {
        const size = fields.typeflag === "0" ? content.length : 0;
        return { ...fields, size, content: content.subarray(0, size) };
      });
      const archive = Buffer.concat([...written.flatMap((one) => [encodeHeader(one), padded(one.content)]), endOfArchive()]);
      const { entries, error } = readTar(archive);
      assert.equal(error, "");
      assert.equal(entries.length, written.length);
      for (const [index, { pax, content: _, ...fields }] of written.entries()) {
        const entry = entries[index];
        for (const [field, value] of Object.entries(fields)) {
          assert.deepEqual(entry?.[field as keyof TarRecord], value, `${field} of ${JSON.stringify(fields.name)}`);
        }
        for (const [key, value] of pax) assert.equal(entry?.pax.get(key), value, key);
      }
    }),
    { numRuns: 600, seed: 3 },
  );
});

test("sizes beyond 8 GiB, which octal digits do not hold, are written as a record", () => {
  for (const size of [8 * 1024 ** 3 - 1, 8 * 1024 ** 3, 20 * 1024 ** 4]) {
    const header = encodeHeader({ typeflag: "0", name: "big", size });
    assert.equal(header.length, size < 8 * 1024 ** 3 ? 512 : 1536);
    assert.match(readTar(header).error, /in the middle of a file/);
    assert.equal(Buffer.from(header).includes(` size=${size}\n`), size >= 8 * 1024 ** 3);
  }
});

test("plain entries take one block, and the same record gives the same bytes", () => {
  const plain: TarRecord = { typeflag: "0", name: "usr/bin/env", mode: 0o755, uid: 1000, mtime: 1_700_000_000 };
  assert.equal(encodeHeader(plain).length, 512);
  assert.deepEqual(encodeHeader(plain), encodeHeader({ ...plain }));
  assert.equal(encodeHeader({ ...plain, name: `${"d".repeat(150)}/${"f".repeat(100)}` }).length, 512);
  assert.equal(encodeHeader({ ...plain, name: `${"d".repeat(156)}/f` }).length, 1536);
});

test("names with bytes beyond ASCII, and long owners, are written as records: not all readers take them from the header", () => {
  for (const fields of [
    { name: "caf\xe9" },
    { name: "a", linkname: "caf\xe9" },
    { name: "a", uname: "u".repeat(32) },
    { name: "a", gname: "\xff" },
  ]) {
    assert.equal(encodeHeader({ typeflag: "2", ...fields }).length, 1536, JSON.stringify(fields));
  }
  assert.equal(encodeHeader({ typeflag: "2", name: "a", linkname: "b", uname: "u".repeat(31), gname: "g" }).length, 512);
});

test("a record's length counts itself", () => {
  for (const length of [1, 4, 5, 90, 91, 92, 93, 985, 986, 987, 988, 9980, 9981, 9990]) {
    const encoded = Buffer.from(encodePax(new Map([["k", "v".repeat(length)]]))).toString("latin1");
    assert.equal(Number.parseInt(encoded, 10), encoded.length);
  }
});

test("GNU tar reads what is written", { skip: without("tar") }, () => {
  const folder = mkdtempSync(join(temporaryFolder(), "tar-"));
  const records: readonly TarRecord[] = [
    { typeflag: "5", name: "dir/", mode: 0o1777 },
    { typeflag: "0", name: `${"long/".repeat(60)}name`, uid: 3_000_000, mtime: 1_700_000_000.5 },
    { typeflag: "0", name: "caf\xe9", mode: 0o4755 },
    { typeflag: "2", name: "link", linkname: "t".repeat(200) },
    { typeflag: "3", name: "null", devmajor: 1, devminor: 3 },
  ];
  const file = join(folder, "a.tar");
  writeFileSync(file, Buffer.concat([...records.map(encodeHeader), endOfArchive()]));
  const listing = run("tar", ["--numeric-owner", "--full-time", "--utc", "--quoting-style=escape", "-tvf", file]).toString(
    "latin1",
  );
  const expected = [
    /^drwxrwxrwt 0\/0 .* dir\/$/,
    /^-rw-r--r-- 3000000\/0 .*2023-11-14 22:13:20\.5 (long\/){60}name$/,
    /^-rwsr-xr-x 0\/0 .* caf\\351$/,
    /^lrw-r--r-- 0\/0 .* link -> t{200}$/,
    /^crw-r--r-- 0\/0 +1,3 .* null$/,
  ];
  const lines = listing.trimEnd().split("\n");
  assert.equal(lines.length, expected.length);
  for (const [index, pattern] of expected.entries()) assert.match(lines[index] ?? "", pattern);
});
