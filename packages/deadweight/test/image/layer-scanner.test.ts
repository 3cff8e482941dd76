import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { encodeHeader, encodePax, endOfArchive, padded } from "../../src/archive/tar-writer.ts";
import { UserError } from "../../src/lib/user-error.ts";
import { entryTypes, type LayerIndex } from "../../src/model/layer-index.ts";
import { tarOf, type TestEntry } from "../support/layers.ts";
import { debugging, linkedElf } from "../support/linked-elf.ts";
import { seededRandom } from "../support/random.ts";
import { digestOf, pathsOf, scan, spansOf } from "../support/scanning.ts";
import { randomArchives } from "../support/tar-mutants.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");
const hashOf = (index: LayerIndex, entry: number): string =>
  Buffer.from(index.hashes.subarray(32 * entry, 32 * entry + 32)).toString("hex");
const typesOf = (index: LayerIndex): readonly string[] => [...index.type].map((type) => entryTypes[type] ?? "?");
const noise = (length: number, seed: number): Uint8Array => {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
};
const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof UserError && error.code === "corrupt-layer" && pattern.test(error.message);

test("every field of every kind of entry", () => {
  const index = scan(
    tarOf([
      { path: "./dir/", mode: 0o1777, uid: 1, gid: 2, mtime: 3.5 },
      { path: "dir/file", content: "content", mode: 0o4755, uid: 3_000_000_000, mtime: -7 },
      { path: "dir/link", type: "hardlink", link: "./dir/file" },
      { path: "sym", type: "symlink", link: "../caf\xe9", xattrs: { "security.capability": "\0\xff\x01" } },
      { path: "fifo", type: "fifo" },
      { path: "empty" },
    ]),
  );
  assert.deepEqual(pathsOf(index), ["dir", "dir/file", "dir/link", "sym", "fifo", "empty"]);
  assert.deepEqual(typesOf(index), ["directory", "file", "hardlink", "symlink", "fifo", "file"]);
  assert.deepEqual([...index.mode], [0o1777, 0o4755, 0o644, 0o644, 0o644, 0o644]);
  assert.deepEqual([...index.uid], [1, 3_000_000_000, 0, 0, 0, 0]);
  assert.deepEqual([...index.gid], [2, 0, 0, 0, 0, 0]);
  assert.deepEqual([...index.mtime].slice(0, 3), [3.5, -7, 1_700_000_000]);
  assert.deepEqual([...index.size], [0, 7, 0, 0, 0, 0]);
  assert.deepEqual([...index.storedSize], [0, 7, 0, 0, 0, 0]);
  assert.equal(index.paths.path(index.linkNode[2] ?? 0), "dir/file");
  assert.deepEqual([...index.symlinks], [[3, "../caf\xe9"]]);
  assert.deepEqual([...index.xattrs], [[3, new Map([["security.capability", "\0\xff\x01"]])]]);
  assert.equal(hashOf(index, 1), sha256("content"));
  assert.equal(hashOf(index, 5), sha256(""));
  for (const entry of [0, 2, 3, 4]) assert.equal(hashOf(index, entry), "0".repeat(64), `entry ${entry} has no content`);
  assert.deepEqual(index.oddities, []);
});

test("devices, odd modes and unknown types", () => {
  const blocks = [
    encodeHeader({ typeflag: "3", name: "null", devmajor: 1, devminor: 3, mode: 0o20666 }),
    encodeHeader({ typeflag: "4", name: "sda", devmajor: 8, devminor: 0 }),
    encodeHeader({ typeflag: "7", name: "contiguous", size: 3 }),
    padded(Buffer.from("abc")),
    encodeHeader({ typeflag: "V", name: "label", size: 0 }),
    endOfArchive(),
  ];
  const index = scan(Buffer.concat(blocks));
  assert.deepEqual(
    [...index.devices],
    [
      [0, [1, 3]],
      [1, [8, 0]],
    ],
  );
  assert.deepEqual(typesOf(index), ["character-device", "block-device", "file", "file"]);
  assert.equal(index.mode[0], 0o666);
  assert.equal(hashOf(index, 2), sha256("abc"));
  assert.deepEqual(
    index.oddities.map(({ entry, message }) => [entry, message]),
    [[3, 'is of the unknown type "V"; engines refuse it']],
  );
});

test("the spans are the entries with all that is theirs, and add up to the layer", () => {
  const long = "n".repeat(300);
  const archive = tarOf([{ path: "a", content: "x" }, { path: long }, { path: "d/" }, { path: "b", content: "y".repeat(512) }]);
  const index = scan(archive);
  assert.deepEqual([...index.starts], [0, 1024, 1024 + 1536, 1024 + 1536 + 512, archive.length - 1024]);
  assert.deepEqual(spansOf(index.starts, index.tarBytes), [1024, 1536, 512, 1024, 1024]);
  assert.equal(index.tarBytes, archive.length);
});

const special = Buffer.concat([encodeHeader({ typeflag: "g", name: "g", size: 16 }), padded(Buffer.from("16 comment=abcd\n"))]);
const odd: readonly [string, Uint8Array, readonly number[]][] = [
  ["nothing at all", new Uint8Array(0), [0]],
  ["one lone block of zeros", new Uint8Array(512), [512]],
  ["the end alone", endOfArchive(), [1024]],
  ["a global header alone", Buffer.concat([special, endOfArchive()]), [2048]],
  ["no end blocks", tarOf([{ path: "a", content: "x" }]).subarray(0, 1024), [1024, 0]],
  ["no padding", tarOf([{ path: "a", content: "x" }]).subarray(0, 513), [513, 0]],
  ["a header that belongs to nothing", Buffer.concat([tarOf([{ path: "a" }]).subarray(0, 512), special]), [512, 1024]],
  ["garbage after the end", Buffer.concat([tarOf([{ path: "a" }]), Buffer.from("garbage")]), [512, 1031]],
  ["another archive after the end", Buffer.concat([tarOf([{ path: "a" }]), tarOf([{ path: "b" }])]), [512, 1024 + 1536]],
];
for (const [what, archive, spans] of odd) {
  test(`spans add up, and all bytes are in the diffId: ${what}`, () => {
    const index = scan(archive, { pieces: [100, 1] });
    assert.deepEqual(spansOf(index.starts, index.tarBytes), spans);
    assert.equal(index.diffId, digestOf(archive));
    const costs = spansOf(index.compressedStarts, index.compressedBytes);
    assert.equal(costs.length, spans.length);
    assert.equal(
      costs.reduce((sum, cost) => sum + cost, 0),
      archive.length,
    );
  });
}

test("any split of the layer gives the same index", () => {
  const archives = [
    ...randomArchives(60),
    tarOf([{ path: "usr/bin/x", content: noise(5000, 1) }, { path: ".wh.gone" }, { path: "db", content: noise(3000, 2) }]),
  ];
  const wants = [{ names: ["db", "x", "s", "p"] }, { endings: ["passwd"], head: 10 }];
  const told = (archive: Uint8Array, pieces: readonly number[]): unknown => {
    const { paths, compressedStarts: _, ...rest } = scan(archive, { wants, pieces });
    return { ...rest, paths: paths.data() };
  };
  fc.assert(
    fc.property(
      fc.constantFrom(...archives),
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }),
      (archive, pieces) => {
        assert.deepEqual(told(archive, pieces), told(archive, []));
      },
    ),
    { numRuns: 300, seed: 1 },
  );
  for (const archive of archives.slice(-10)) assert.deepEqual(told(archive, [1]), told(archive, []));
});

test("whiteouts name what they hide, opaque markers the folder", () => {
  const index = scan(
    tarOf([
      { path: "a/.wh.b" },
      { path: "a/.wh..wh..opq" },
      { path: ".wh..wh..opq" },
      { path: ".wh.x", content: "content of a marker is none of a file's" },
      { path: "a/.wh.c/" },
      { path: ".wh.link", type: "symlink", link: "t" },
      { path: ".wh...." },
      { path: "a/.whatever" },
    ]),
  );
  assert.deepEqual(
    pathsOf(index).map((path, entry) => `${typesOf(index)[entry]} ${path}`),
    ["whiteout a/b", "opaque a", "opaque ", "whiteout x", "whiteout a/c", "whiteout link", "whiteout ...", "file a/.whatever"],
  );
  assert.deepEqual([...index.size], [0, 0, 0, 0, 0, 0, 0, 0]);
});

test("a whiteout of nothing, of the folder itself or of its parent is refused with its place", () => {
  for (const [name, hidden] of [
    ["a/.wh.", ""],
    ["a/.wh..", "."],
    ["a/.wh...", ".."],
    [".wh.", ""],
  ] as const) {
    const pattern = new RegExp(
      `^tar: a whiteout of "${hidden.replaceAll(".", "\\.")}" \\(at byte 1024 of the layer near "${name}"\\)$`,
    );
    assert.throws(() => scan(tarOf([{ path: "x" }, { path: name }])), refused(pattern), name);
  }
});

test("what AUFS kept for itself hides nothing, and what lies in it is a file as Docker shows it", () => {
  const index = scan(
    tarOf([{ path: ".wh..wh.plnk/" }, { path: ".wh..wh.plnk/12.34", content: "x" }, { path: "d/.wh..wh.aufs" }]),
  );
  assert.deepEqual(typesOf(index), ["whiteout", "file", "whiteout"]);
  assert.deepEqual(pathsOf(index), [".wh..wh.plnk", ".wh..wh.plnk/12.34", "d/.wh..wh.aufs"]);
});

test("the root may be a folder and nothing else", () => {
  assert.deepEqual(pathsOf(scan(tarOf([{ path: "./", mode: 0o700 }]))), [""]);
  for (const path of [".", "/", "./.", "..", "a/.."]) {
    const symlink: TestEntry = { path, type: "symlink", link: "/etc" };
    assert.throws(
      () => scan(tarOf([symlink])),
      refused(/^tar: the root folder is replaced by something else \(at byte 512/),
      path,
    );
  }
});

test("wanted files: whole, the head of them, none of others", () => {
  const long = noise(4000, 3);
  const archive = tarOf([
    { path: "var/lib/dpkg/status", content: "status" },
    { path: "a.list", content: long },
    { path: "b.list", content: "short" },
    { path: "other", content: long },
    { path: "x/status", type: "symlink", link: "t" },
    { path: "status/" },
    { path: "elsewhere/status", content: "not here" },
    { path: "empty.list" },
  ]);
  const wants = [
    { names: ["status"], path: /^var\// },
    { endings: [".list"], head: 100 },
  ];
  for (const pieces of [[], [1], [1500, 7]]) {
    const kept = scan(archive, { wants, pieces }).captures.map(({ entry, bytes }) => [entry, Buffer.from(bytes ?? [])]);
    assert.deepEqual(kept, [
      [0, Buffer.from("status")],
      [1, Buffer.from(long.subarray(0, 100))],
      [2, Buffer.from("short")],
      [7, Buffer.from("")],
    ]);
  }
});

test("a large wanted file goes to a file of its own that nobody else can read", () => {
  const folder = mkdtempSync(join(temporaryFolder(), "spool-"));
  const large = noise(1024 * 1024 + 1, 4);
  const archive = tarOf([
    { path: "db", content: large },
    { path: "small/db", content: large.subarray(1) },
  ]);
  const [first, second, ...rest] = scan(archive, {
    wants: [{ names: ["db"] }],
    spoolFolder: folder,
    pieces: [100_000, 1],
  }).captures;
  assert.deepEqual(rest, []);
  const path = first?.spooled ?? "";
  assert.ok(path.startsWith(folder) && first?.bytes === undefined);
  assert.ok(Buffer.from(large).equals(readFileSync(path)));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.ok(second?.spooled === undefined && Buffer.from(large.subarray(1)).equals(second?.bytes ?? new Uint8Array(0)));
});

test("a spooled file is removed when its layer breaks off", () => {
  const folder = mkdtempSync(join(temporaryFolder(), "spool-"));
  const archive = tarOf([{ path: "db", content: noise(2 * 1024 * 1024, 5) }]).subarray(0, 1_500_000);
  assert.throws(
    () => scan(archive, { wants: [{ names: ["db"] }], spoolFolder: folder, pieces: [65_536] }),
    refused(/middle of a file/),
  );
  assert.deepEqual(readdirSync(folder), []);
});

test("wanted files beyond the limits are told of, not kept", () => {
  const wants = [{ names: ["db"] }];
  const archive = tarOf([
    { path: "a/db", content: "12345" },
    { path: "b/db", content: "1234" },
    { path: "c/db", content: "1" },
  ]);
  const tooLarge = scan(archive, { wants, limits: { capturedFileBytes: 4 } });
  assert.deepEqual(
    tooLarge.captures.map(({ entry }) => entry),
    [1, 2],
  );
  assert.deepEqual(
    tooLarge.oddities.map(({ entry }) => entry),
    [0],
  );
  const tooMany = scan(archive, { wants, limits: { capturedLayerBytes: 6 } });
  assert.deepEqual(
    tooMany.captures.map(({ entry }) => entry),
    [0, 2],
  );
  assert.deepEqual(
    tooMany.oddities.map(({ entry }) => entry),
    [1],
  );
});

test("too many entries, a name or a link that is too long: refused", () => {
  const many = tarOf([{ path: "a" }, { path: "b" }, { path: "c" }]);
  assert.equal(scan(many, { limits: { entriesPerLayer: 3 } }).count, 3);
  assert.throws(() => scan(many, { limits: { entriesPerLayer: 2 } }), refused(/more than 2 entries .*near "c"/));
  assert.throws(() => scan(tarOf([{ path: "n".repeat(65 * 1024) }])), refused(/a name of 66560 bytes, more than 65536/));
  const link = "t".repeat(65 * 1024);
  for (const type of ["symlink", "hardlink"] as const) {
    assert.throws(
      () => scan(tarOf([{ path: "l", type, link }])),
      refused(/a link target of 66560 bytes, more than 65536 .*near "l"/),
    );
  }
});

test("names, links and attributes that would fill the memory are refused", () => {
  const limits = { metadataBytes: 100_000 };
  const entries = (of: (number: number) => TestEntry): Uint8Array => tarOf(Array.from({ length: 30 }, (_, number) => of(number)));
  const bombs = {
    names: entries((number) => ({ path: `${number}${"n".repeat(5000)}` })),
    folders: entries((number) => ({ path: `${number}/${"d/".repeat(300)}` })),
    links: entries((number) => ({ path: `${number}`, type: "symlink", link: "t".repeat(5000) })),
    attributes: entries((number) => ({ path: `${number}`, xattrs: { "user.x": "v".repeat(5000) } })),
  };
  for (const [what, archive] of Object.entries(bombs)) {
    assert.equal(scan(archive).count, 30);
    assert.throws(
      () => scan(archive, { limits }),
      refused(/take more than 100000 bytes \(at byte \d+ of the layer near "\d+/),
      what,
    );
  }
  const repeated = entries(() => ({ path: "n".repeat(5000) }));
  assert.equal(scan(repeated, { limits }).count, 30, "a name is kept once");
});

test("what engines take differently is told: names that leave the root, overlay attributes, two long names", () => {
  const two = encodePax(new Map([["path", "from/pax"]]));
  const archive = Buffer.concat([
    tarOf([{ path: "../../etc/passwd", content: "x" }, { path: "d/../../y" }]).subarray(0, -1024),
    encodeHeader({ typeflag: "5", name: "o/", pax: new Map([["SCHILY.xattr.trusted.overlay.opaque", "y"]]) }),
    encodeHeader({ typeflag: "x", name: "pax", size: two.length }),
    padded(two),
    encodeHeader({ typeflag: "L", name: "long", size: 9 }),
    padded(Buffer.from("from/gnu\0")),
    encodeHeader({ typeflag: "0", name: "short" }),
    encodeHeader({ typeflag: "0", name: "/absolute" }),
    endOfArchive(),
  ]);
  const index = scan(archive);
  assert.deepEqual(pathsOf(index), ["etc/passwd", "y", "o", "from/gnu", "absolute"]);
  assert.deepEqual(
    index.oddities.map(({ entry, message }) => `${entry} ${message.split(/[:;]/)[0]}`),
    [
      "0 has `..` in its name",
      "1 has `..` in its name",
      "2 has an overlay attribute",
      "3 has two names, a PAX one and GNU's",
      "4 has an absolute name, the first of the layer",
    ],
  );
});

test("sparse files: the size that a container sees, the bytes that are stored, their hash, and no capture", () => {
  const records = { "GNU.sparse.size": "2048", "GNU.sparse.numblocks": "2", "GNU.sparse.map": "0,512,1024,512" };
  const pax = encodePax(new Map(Object.entries(records)));
  const content = noise(1024, 6);
  const archive = Buffer.concat([
    encodeHeader({ typeflag: "x", name: "pax", size: pax.length }),
    padded(pax),
    encodeHeader({ typeflag: "0", name: "db", size: 1024 }),
    content,
    endOfArchive(),
  ]);
  const index = scan(archive, { wants: [{ names: ["db"] }] });
  assert.deepEqual([index.size[0], index.storedSize[0]], [2048, 1024]);
  assert.equal(hashOf(index, 0), sha256(content));
  assert.deepEqual([index.captures, index.oddities.length], [[], 1]);
});

test("many entries: columns grow and keep what they had", () => {
  const entries = Array.from({ length: 5000 }, (_, number): TestEntry => ({
    path: `d${number % 7}/f${number}`,
    content: String(number),
    uid: number,
  }));
  const index = scan(tarOf(entries));
  assert.equal(index.count, 5000);
  assert.deepEqual(
    pathsOf(index),
    entries.map(({ path }) => path),
  );
  assert.deepEqual(
    [...index.uid],
    entries.map(({ uid }) => uid),
  );
  for (const number of [0, 1023, 1024, 4999]) assert.equal(hashOf(index, number), sha256(String(number)));
});

test("headers of ELF files with sections for debuggers are kept, with what the blob has for them, however the layer comes", () => {
  const program = linkedElf(debugging);
  const plain = linkedElf([{ name: ".comment", size: 9 }]);
  const archive = tarOf([
    { path: "plain", content: plain },
    { path: "program", content: program },
  ]);
  const whole = scan(archive);
  assert.deepEqual([...whole.elfOutlines.keys()], [1]);
  const outline = whole.elfOutlines.get(1);
  const table = Number(program.readBigUInt64LE(40));
  assert.deepEqual(Buffer.from(outline?.head ?? []), program.subarray(0, 64 + 2 * 56));
  assert.deepEqual(Buffer.from(outline?.sections ?? []), program.subarray(table));
  assert.match(Buffer.from(outline?.names ?? []).toString(), /\.debug_info/);
  assert.equal(outline?.unloadedStart, 64 + 2 * 56 + 333 + 50);
  // A layer that is not compressed has every byte once.
  assert.equal(outline?.unloadedCompressedBytes, program.length - (outline?.unloadedStart ?? 0));
  assert.deepEqual(scan(archive, { pieces: [1, 700, 13] }).elfOutlines, whole.elfOutlines);
});
