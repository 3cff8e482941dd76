import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { defaultLimits } from "../../src/archive/limits.ts";
import { TarReader, type TarEntry } from "../../src/archive/tar-reader.ts";
import { encodeHeader, encodePax, endOfArchive, padded } from "../../src/archive/tar-writer.ts";
import { UserError } from "../../src/lib/user-error.ts";
import { readTar } from "../support/tar-reading.ts";
import { randomArchives } from "../support/tar-mutants.ts";

const text = (content: string): Uint8Array => Buffer.from(content, "latin1");
const file = (name: string, content: string): Uint8Array =>
  Buffer.concat([encodeHeader({ typeflag: "0", name, size: content.length }), padded(text(content))]);
const pax = (records: Readonly<Record<string, string>>, typeflag = "x"): Uint8Array => {
  const body = encodePax(new Map(Object.entries(records)));
  return Buffer.concat([encodeHeader({ typeflag, name: "pax", size: body.length }), padded(body)]);
};
const long = (typeflag: "L" | "K", name: string): Uint8Array =>
  Buffer.concat([encodeHeader({ typeflag, name: "././@LongLink", size: name.length + 1 }), padded(text(`${name}\0`))]);
const archive = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat([...parts, endOfArchive()]);
const namesOf = (bytes: Uint8Array): readonly string[] => readTar(bytes).entries.map(({ name }) => name);

test("any split of the input gives the same entries, content and verdict", () => {
  const archives = randomArchives(120);
  fc.assert(
    fc.property(
      fc.constantFrom(...archives),
      fc.array(fc.integer({ min: 1, max: 1200 }), { minLength: 1, maxLength: 8 }),
      (bytes, pieceSizes) => {
        assert.deepEqual(readTar(bytes, pieceSizes), readTar(bytes));
      },
    ),
    { numRuns: 400, seed: 1 },
  );
});

test("byte by byte gives the same entries, content and verdict", () => {
  for (const bytes of randomArchives(120)) assert.deepEqual(readTar(bytes, [1]), readTar(bytes));
});

test("an archive that ends in a header or in content is refused; padding and the end may be missing, as in Go", () => {
  const bytes = archive(file("a", "x".repeat(600)), pax({ path: "b".repeat(120) }), file("short", "y"));
  const record = "130 path=\n".length + 120;
  // Where padding stands: after the content, after the record, after the other content; then the two blocks of the end.
  const padding = [
    [512 + 600, 1536],
    [2048 + record, 2560],
    [3072 + 1, 3584],
  ] as const;
  for (let length = 0; length <= bytes.length; length++) {
    const cut = bytes.subarray(0, length);
    const reading = readTar(cut);
    assert.deepEqual(readTar(cut, [1, 300]), reading, `cut at ${length}`);
    const isFine = [0, 3584, 4096, 4608].includes(length) || padding.some(([from, to]) => length >= from && length <= to);
    assert.match(
      reading.error,
      isFine ? /^$/ : /^tar: the archive ends in the middle of a (file|header) \(at byte/,
      `cut at ${length}`,
    );
  }
});

test("the end: no end blocks, one, two, and what follows two is not read", () => {
  assert.deepEqual(namesOf(file("a", "x")), ["a"]);
  assert.deepEqual(namesOf(Buffer.concat([file("a", "x"), new Uint8Array(512)])), ["a"]);
  assert.deepEqual(namesOf(Buffer.concat([archive(file("a", "x")), file("b", "y"), text("garbage")])), ["a"]);
  assert.match(readTar(Buffer.concat([new Uint8Array(512), file("a", "x")])).error, /lone block of zeros/);
  assert.deepEqual(readTar(new Uint8Array(0)), { entries: [], error: "" });
});

test("content of more than 8 GiB is passed over without being read", () => {
  const sizes = [8 * 1024 ** 3 + 1, 3 * 1024 ** 4, 513];
  const seen: TarEntry[] = [];
  let ends = 0;
  const reader = new TarReader(
    { entry: (entry) => seen.push(entry), content: () => assert.fail("nothing was written"), endEntry: () => ends++ },
    defaultLimits,
  );
  let offset = 0;
  for (const [index, size] of sizes.entries()) {
    const header = encodeHeader({ typeflag: "0", name: `big${index}`, size });
    reader.write(header);
    assert.equal(seen[index]?.size, size);
    assert.equal(seen[index]?.start, offset);
    assert.equal(seen[index]?.contentStart, offset + header.length);
    assert.equal(reader.skippable, size);
    reader.skip(size - 1);
    assert.equal(ends, index);
    reader.skip(1);
    assert.equal(ends, index + 1);
    const padding = Math.ceil(size / 512) * 512 - size;
    reader.write(new Uint8Array(padding));
    offset += header.length + size + padding;
    assert.equal(reader.endOfEntries, offset);
  }
  reader.write(endOfArchive());
  reader.end();
  assert.ok(reader.ended);
});

test("PAX size wins over the header's, for the file alone", () => {
  const inner = file("smuggled", "z");
  // The header says 8 bytes, the record says the whole of what hides an entry from readers that take the header's.
  const smuggling = Buffer.concat([
    pax({ size: String(512 + inner.length) }),
    encodeHeader({ typeflag: "0", name: "outer", size: 8 }),
    new Uint8Array(512),
    inner,
  ]);
  const { entries, error } = readTar(archive(smuggling, file("after", "")));
  assert.equal(error, "");
  assert.deepEqual(
    entries.map(({ name, size }) => [name, size]),
    [
      ["outer", 512 + inner.length],
      ["after", 0],
    ],
  );
  const beforeLong = archive(
    pax({ size: "3" }),
    long("L", "long name"),
    encodeHeader({ typeflag: "0", name: "s" }),
    padded(text("abc")),
  );
  assert.deepEqual(
    readTar(beforeLong).entries.map(({ name, size }) => [name, size]),
    [["long name", 3]],
  );
});

test("GNU's long name wins over PAX's path, as in Go", () => {
  assert.deepEqual(namesOf(archive(pax({ path: "from pax" }), long("L", "from gnu"), file("short", ""))), ["from gnu"]);
  assert.deepEqual(namesOf(archive(long("L", "from gnu"), pax({ path: "from pax" }), file("short", ""))), ["from gnu"]);
  const [link] = readTar(
    archive(long("K", "t".repeat(300)), encodeHeader({ typeflag: "2", name: "l", linkname: "short" })),
  ).entries;
  assert.equal(link?.linkname, "t".repeat(300));
});

test("a record is for the next entry alone; a global one is for none", () => {
  assert.deepEqual(namesOf(archive(pax({ path: "first" }), file("a", ""), file("b", ""))), ["first", "b"]);
  assert.deepEqual(namesOf(archive(pax({ path: "all" }, "g"), file("a", ""), file("b", ""))), ["a", "b"]);
});

test("what is no header, number or record is refused with its offset and path", () => {
  const wrongSum = Buffer.from(file("b", ""));
  wrongSum[0] = 0x63;
  const cases: readonly [string, Uint8Array, RegExp][] = [
    ["checksum", archive(file("a", "x"), wrongSum), /^tar header: checksum is .* \(at byte 1536 of the layer near "a"\)$/],
    ["no tar", text("#!/bin/sh\n".repeat(60)), /^tar header: .* \(at byte 512 of the layer\)$/],
    ["NUL in a path", archive(pax({ path: "a\0b" }), file("x", "")), /^PAX header: .*NUL.* near "PaxHeaders|near "pax"/],
    ["NUL in a name of an attribute", archive(pax({ "SCHILY.xattr.a\0": "v" }), file("x", "")), /NUL/],
    ["size that is no number", archive(pax({ size: "12a" }), file("x", "")), /size: "12a" is no number/],
    ["negative size", archive(pax({ size: "-1" }), file("x", "")), /a size of -1 bytes/],
    ["size of 2^62", archive(pax({ size: String(2n ** 62n) }), file("x", "")), /a size of/],
    [
      "record longer than its header",
      archive(encodeHeader({ typeflag: "x", name: "p", size: 9 }), padded(text("99 a=bcd\n"))),
      /length is 99/,
    ],
    [
      "too large a PAX header",
      archive(encodeHeader({ typeflag: "x", name: "p", size: 1024 ** 2 + 1 })),
      /special header of 1048577 bytes/,
    ],
    [
      "too large a long name",
      archive(encodeHeader({ typeflag: "L", name: "p", size: 2 ** 32 })),
      /special header of 4294967296 bytes/,
    ],
    ["sparse map out of order", archive(sparse("2", "512,512,0,512")), /sparse map: region/],
    ["sparse map past the end", archive(sparse("1", "0,99999999")), /sparse map: region/],
    ["sparse map of a billion regions", archive(sparse("1000000000", "0,512")), /2 numbers for 1000000000 regions/],
  ];
  for (const [what, bytes, expected] of cases) assert.match(readTar(bytes).error, expected, what);
});

function sparse(count: string, map: string): Uint8Array {
  const records = { "GNU.sparse.size": "2048", "GNU.sparse.numblocks": count, "GNU.sparse.map": map };
  return Buffer.concat([pax(records), file("s", "x".repeat(512))]);
}

test("an 8 TiB hole is a number: nothing of it is allocated or hashed", () => {
  const records = {
    "GNU.sparse.major": "1",
    "GNU.sparse.minor": "0",
    "GNU.sparse.name": "hole",
    "GNU.sparse.realsize": String(8 * 1024 ** 4),
  };
  const content = `1\n${8 * 1024 ** 4 - 512}\n512\n`.padEnd(512, "\0") + "e".repeat(512);
  const { entries, error } = readTar(archive(pax(records), file("s", content)));
  assert.equal(error, "");
  assert.deepEqual(
    entries.map(({ name, size, storedSize }) => [name, size, storedSize]),
    [["hole", 8 * 1024 ** 4, 512]],
  );
});

test("garbage of any kind gives entries or a UserError, never another error", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...randomArchives(40)),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (bytes, changes) => {
        const changed = Buffer.from(bytes);
        for (const [at, value] of changes) changed[at % changed.length] = value;
        // readTar lets anything but a UserError through.
        readTar(changed);
      },
    ),
    { numRuns: 1500, seed: 2 },
  );
});

test("an error of the reader's user passes through unchanged, a UserError with the place", () => {
  const throwing = (error: Error): TarReader =>
    new TarReader({ entry: () => assert.fail(error), content: () => {}, endEntry: () => {} }, defaultLimits);
  const bug = new TypeError("a bug");
  assert.throws(
    () => throwing(bug).write(file("a", "")),
    (error) => error === bug,
  );
  assert.throws(
    () => throwing(new UserError("limit", "too much")).write(file("caf\xe9", "")),
    (error) =>
      error instanceof UserError &&
      error.code === "limit" &&
      error.message === 'too much (at byte 1536 of the layer near "caf\\\\xe9")',
  );
});
