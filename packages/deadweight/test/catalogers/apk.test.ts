import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { apk } from "../../src/catalogers/apk.ts";
import type { Catalog } from "../../src/contracts/cataloger.ts";
import { wantedFilesOf } from "../support/layers.ts";
import { mutated, mutations } from "./rpm/mutations.ts";

function catalogOf(files: Readonly<Record<string, string>>): Catalog {
  return apk.catalog(
    wantedFilesOf(
      apk,
      Object.entries(files).map(([path, content]) => ({ path, content })),
    ),
  );
}

const database = `C:Q1abc
P:musl
V:1.2.5-r0
A:x86_64
S:407278
I:667648
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1x
R:libc.musl-x86_64.so.1

P:busybox
V:1.36.1-r29
I:946176
D:so:libc.musl-x86_64.so.1 !uclibc-utils ssl_client>=1@edge so:libnobody.so.1
p:/bin/sh cmd:busybox=1.36.1-r29 cmd:sh=1.36.1-r29
F:
R:README
F:bin
M:0:0:755
R:busybox
F:etc/network
F:etc/network/if-up.d
R:dad

P:app
V:1
D:/bin/sh cmd:sh app musl~1.2
I:many
`;

test("apk: packages with their files, folders, sizes and requirements", () => {
  assert.deepEqual(catalogOf({ "lib/apk/db/installed": database }), {
    packages: [
      {
        kind: "apk",
        name: "musl",
        version: "1.2.5-r0",
        paths: [
          "lib",
          "lib/ld-musl-x86_64.so.1",
          "usr/lib/ld-musl-x86_64.so.1",
          "lib/libc.musl-x86_64.so.1",
          "usr/lib/libc.musl-x86_64.so.1",
        ],
        requires: [],
        declaredBytes: 667_648,
      },
      {
        kind: "apk",
        name: "busybox",
        version: "1.36.1-r29",
        paths: [
          "README",
          "bin",
          "bin/busybox",
          "usr/bin/busybox",
          "etc/network",
          "etc/network/if-up.d",
          "etc/network/if-up.d/dad",
        ],
        requires: ["musl", "ssl_client"],
        declaredBytes: 946_176,
      },
      { kind: "apk", name: "app", version: "1", paths: [], requires: ["busybox", "musl"] },
    ],
    problems: [],
  });
});

test("apk: what is in the world was asked for, the rest came with it", () => {
  const catalog = catalogOf({ "lib/apk/db/installed": database, "etc/apk/world": "app\ncmd:sh\n!musl\n" });
  assert.deepEqual(
    catalog.packages.map(({ name, automatic }) => [name, automatic]),
    [
      ["musl", true],
      ["busybox", false],
      ["app", false],
    ],
  );
});

test("apk: the newer place of the database", () => {
  const catalog = catalogOf({ "usr/lib/apk/db/installed": "P:apk-tools\nV:3.0.0-r1\nF:usr/bin\nR:apk" });
  assert.deepEqual(catalog.packages, [
    { kind: "apk", name: "apk-tools", version: "3.0.0-r1", paths: ["usr/bin", "usr/bin/apk"], requires: [] },
  ]);
});

test("apk: a paragraph without a name is told, the others stay", () => {
  const catalog = catalogOf({ "lib/apk/db/installed": "V:1\nF:lib\n\n\n\nP:kept\nV:2\n" });
  assert.deepEqual(
    catalog.packages.map(({ name }) => name),
    ["kept"],
  );
  assert.deepEqual(catalog.problems, [
    { path: "lib/apk/db/installed", layer: 0, message: "cannot read 1 packages: no name in their paragraphs" },
  ]);
});

test("apk: whatever the database holds, what comes out is packages and problems", () => {
  const [file] = wantedFilesOf(apk, [{ path: "lib/apk/db/installed", content: database }]);
  assert.ok(file);
  const property = fc.property(mutations(database.length), (changes) => {
    const bytes = mutated(Buffer.from(database), changes);
    assert.ok(apk.catalog([{ ...file, size: bytes.length, bytes: () => bytes }]).packages.length <= 20);
  });
  fc.assert(property, { numRuns: 500, seed: 7 });
});

test("apk: one long folder name can't make a database a thousand times its size", () => {
  const [file] = wantedFilesOf(apk, [{ path: "lib/apk/db/installed", content: database }]);
  assert.ok(file);
  const bytes = Buffer.from(
    `P:big\nF:${"x".repeat(1_000_000)}\n${"R:y\n".repeat(5)}F:${"z".repeat(4090)}\n${"R:name\n".repeat(100_000)}`,
  );
  const catalog = apk.catalog([{ ...file, size: bytes.length, bytes: () => bytes }]);
  const total = catalog.packages[0]?.paths.reduce((sum, path) => sum + path.length, 0) ?? 0;
  assert.ok(total <= 268_435_456, `${total} bytes of paths from ${bytes.length}`);
  assert.deepEqual(
    catalog.problems?.map(({ message }) => message),
    [
      ...Array.from({ length: 6 }, () => "cannot tell 1 files: their paths are longer than 4096 bytes"),
      "cannot list all files of its packages: more than 5000000 paths or 268435456 bytes",
    ],
  );
});
