import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHeader } from "../../../src/catalogers/rpm/header.ts";
import { UserError } from "../../../src/lib/user-error.ts";
import { blobOf, headerBlob } from "./make-databases.ts";

test("header: every field that is read", () => {
  const blob = headerBlob({
    name: "openssl",
    version: "3.0.7",
    release: "27.el9",
    epoch: 1,
    architecture: "x86_64",
    size: 1_800_000,
    directories: ["/usr/bin/", "/usr/share/doc/openssl/"],
    files: [
      [0, "openssl"],
      [1, "NEWS.md"],
    ],
    provides: ["openssl", "config(openssl)"],
    requires: ["openssl-libs"],
  });
  assert.deepEqual(parseHeader(blob), {
    name: "openssl",
    version: "1:3.0.7-27.el9",
    architecture: "x86_64",
    declaredBytes: 1_800_000,
    baseNames: ["openssl", "NEWS.md"],
    directoryIndexes: [0, 1],
    directories: ["/usr/bin/", "/usr/share/doc/openssl/"],
    provides: ["openssl", "config(openssl)"],
    requires: ["openssl-libs"],
  });
});

test("header: epoch 0 is said, sizes of 4 GiB and more are known, names are bytes", () => {
  const header = parseHeader(headerBlob({ name: "cuda", epoch: 0, size: 5, longSize: 6 * 2 ** 32 + 7, directories: ["/ü/"] }));
  assert.equal(header.version, "0:1-1");
  assert.equal(header.declaredBytes, 25_769_803_783);
  assert.deepEqual(header.directories, ["/\xc3\xbc/"]);
});

test("header: what comes after the region replaces what is in it", () => {
  const blob = blobOf([
    [1000, 6, ["old"]],
    [1001, 6, ["1"]],
    [1002, 6, ["1"]],
    [1000, 6, ["new"]],
  ]);
  assert.equal(parseHeader(blob).name, "new");
});

test("header: every lie is told", () => {
  const sound = headerBlob({ name: "lies", directories: ["/usr/"], files: [[0, "file"]], requires: ["x"] });
  const entry = (tag: number): number => {
    for (let at = 8; at < sound.length; at += 16) if (sound.readUInt32BE(at) === tag) return at;
    throw new Error(`no tag ${tag}`);
  };
  const lies: readonly (readonly [at: number, value: number, says: RegExp])[] = [
    [0, 0xffffffff, /4294967295 entries end at \d+ of \d+ bytes/],
    [0, 0x10000, /65536 entries/],
    [4, 0x7fffffff, /end at \d+ of \d+ bytes/],
    [entry(1000) + 4, 4, /numbers|strings of type 4/],
    [entry(1000) + 8, 0xffffff00, /a string at 4294967040 has no end/],
    [entry(1049) + 12, 1000, /has no end in/],
    [entry(1049) + 12, 0xffffffff, /4294967295 strings/],
    [entry(1116) + 12, 0x40000000, /1073741824 numbers/],
    [entry(1116) + 12, 900_000, /900000 numbers at \d+ end after/],
    [entry(1116) + 4, 8, /1 numbers of type 8/],
    [entry(1000) + 12, 0, /a name of 0 characters/],
  ];
  for (const [at, value, says] of lies) {
    const blob = Buffer.from(sound);
    blob.writeUInt32BE(value, at);
    assert.throws(
      () => parseHeader(blob),
      (error) => error instanceof UserError && says.test(error.message),
      `${at}: ${value}`,
    );
  }
  assert.throws(() => parseHeader(headerBlob({ name: "x".repeat(1001) })), /a name of 1001 characters/);
  assert.throws(() => parseHeader(Buffer.alloc(7)), /cannot read a package header: only 7 bytes/);
});
