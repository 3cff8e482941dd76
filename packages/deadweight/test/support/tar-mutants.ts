import { encodeHeader, encodePax, endOfArchive, padded } from "../../src/archive/tar-writer.ts";
import { seededRandom } from "./random.ts";

/** `count` small archives that between them use everything: PAX, GNU long names, sparse files, base-256 numbers, all types. */
export function randomArchives(count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, seed) => {
    const random = seededRandom(seed + 1);
    const entries = Array.from({ length: 1 + Math.floor(random() * 5) }, () => randomEntry(random));
    return Buffer.concat([...entries, endOfArchive()]);
  });
}

type Random = () => number;

function pick<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new Error("nothing to choose from");
  return choice;
}

function randomEntry(random: Random): Uint8Array {
  const make = pick(random, [
    plainEntry,
    plainEntry,
    paxEntry,
    gnuLongEntry,
    paxSparseEntry,
    gnuSparseEntry,
    base256Entry,
    globalHeader,
  ]);
  return make(random);
}

function content(random: Random): Uint8Array {
  return Buffer.alloc(Math.floor(random() * 1500), Math.floor(random() * 256));
}

function plainEntry(random: Random): Uint8Array {
  const typeflag = pick(random, ["0", "0", "0", "1", "2", "3", "4", "5", "6"]);
  const body = typeflag === "0" ? content(random) : new Uint8Array(0);
  const name = pick(random, ["a", "usr/bin/x", "dir/", "./etc/passwd", "caf\xe9", "a".repeat(99), `${"d/".repeat(60)}f`]);
  return Buffer.concat([
    encodeHeader({ typeflag, name, linkname: "a", size: body.length, mtime: 1_700_000_000, uid: 1000, devmajor: 8 }),
    padded(body),
  ]);
}

function paxEntry(random: Random): Uint8Array {
  const body = content(random);
  const pax = new Map([["SCHILY.xattr.user.x", "\x00\xff"]]);
  const name = pick(random, ["x".repeat(200), "p", "ü/name"]);
  return Buffer.concat([encodeHeader({ typeflag: "0", name, size: body.length, uid: 5_000_000, mtime: 1.5, pax }), padded(body)]);
}

function gnuBlock(typeflag: string, size: number, change: (block: Buffer) => void = () => {}): Uint8Array {
  const block = Buffer.from(encodeHeader({ typeflag, name: "gnu", size }));
  block.write("ustar  \0", 257, 8, "latin1");
  block.fill(0, 345, 500);
  change(block);
  return withChecksum(block);
}

function gnuLongEntry(random: Random): Uint8Array {
  const name = Buffer.from(`${"long/".repeat(30)}name\0`);
  const body = content(random);
  return Buffer.concat([gnuBlock(pick(random, ["L", "K"]), name.length), padded(name), gnuBlock("0", body.length), padded(body)]);
}

function paxSparseEntry(random: Random): Uint8Array {
  const map = "2\n0\n512\n1024\n512\n".padEnd(512, "\0");
  const is10 = random() < 0.5;
  const records = is10
    ? [
        ["GNU.sparse.major", "1"],
        ["GNU.sparse.minor", "0"],
        ["GNU.sparse.name", "sparse"],
        ["GNU.sparse.realsize", "2048"],
      ]
    : [
        ["GNU.sparse.size", "2048"],
        ["GNU.sparse.numblocks", "2"],
        ["GNU.sparse.map", "0,512,1024,512"],
      ];
  const data = Buffer.alloc(1024, 7);
  const body = is10 ? Buffer.concat([Buffer.from(map), data]) : data;
  const pax = encodePax(new Map(records as [string, string][]));
  return Buffer.concat([
    encodeHeader({ typeflag: "x", name: "pax", size: pax.length }),
    padded(pax),
    encodeHeader({ typeflag: "0", name: "s", size: body.length }),
    padded(body),
  ]);
}

function gnuSparseEntry(random: Random): Uint8Array {
  const isExtended = random() < 0.5;
  const header = gnuBlock("S", 1024, (block) => {
    block.write("00000000000\x0000000001000\x0000000004000\x0000000001000\0", 386, 48, "latin1");
    block[482] = isExtended ? 1 : 0;
    block.write("00000010000\0", 483, 12, "latin1");
  });
  return Buffer.concat([header, isExtended ? Buffer.alloc(512) : Buffer.alloc(0), Buffer.alloc(1024, 9)]);
}

function base256Entry(random: Random): Uint8Array {
  const block = Buffer.from(encodeHeader({ typeflag: "0", name: "big", size: 0 }));
  const at = pick(random, [108, 116, 136]);
  block.fill(0, at, at + 8);
  block[at] = random() < 0.3 ? 0xff : 0x80;
  block[at + 5] = Math.floor(random() * 256);
  if (block[at] === 0xff) block.fill(0xff, at, at + (at === 136 ? 12 : 8));
  return withChecksum(block);
}

function globalHeader(): Uint8Array {
  const pax = encodePax(new Map([["comment", "0123456789abcdef"]]));
  return Buffer.concat([encodeHeader({ typeflag: "g", name: "pax_global_header", size: pax.length }), padded(pax)]);
}

/** The block with the checksum that it should have. */
function withChecksum(block: Buffer): Buffer {
  block.write("        ", 148, 8, "latin1");
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
  return block;
}

/** Archives changed in a field (checksum mended), a byte, a length, or by blocks doubled, dropped and swapped. */
export function seededMutants(archives: readonly Uint8Array[], count: number, seed: number): readonly Uint8Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    let archive: Buffer = Buffer.from(pick(random, archives));
    for (let changes = 1 + Math.floor(random() * 2); changes > 0; changes--) archive = pick(random, mutations)(archive, random);
    return archive;
  });
}

const fields = [
  [0, 100],
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [136, 12],
  [148, 8],
  [156, 1],
  [157, 100],
  [257, 8],
  [265, 32],
  [329, 8],
  [345, 155],
  [386, 97],
  [482, 13],
] as const;
const fieldValues = [
  "",
  "\0",
  " ",
  "7777777",
  "0000000\0",
  "8",
  "-1",
  "\x80\0\0\0\0\0\0\x10",
  "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
  "1",
  "5",
  "g",
  "x",
  "L",
  "S",
  "00000000777",
  "ustar\x0000",
  "ustar  \0",
  "a/b",
  "777777777777",
];

const mutations: readonly ((archive: Buffer, random: Random) => Buffer)[] = [
  (archive, random) => {
    const block = 512 * Math.floor((random() * archive.length) / 512);
    const [at, length] = pick(random, fields);
    if (block + 512 > archive.length) return archive;
    const value = pick(random, fieldValues);
    if (random() < 0.5) archive.fill(0, block + at, block + at + length);
    archive.write(value, block + at, Math.min(length, value.length), "latin1");
    if (random() < 0.85) withChecksum(archive.subarray(block, block + 512));
    return archive;
  },
  (archive, random) => {
    archive[Math.floor(random() * archive.length)] = Math.floor(random() * 256);
    return archive;
  },
  (archive, random) => archive.subarray(0, Math.floor(random() * archive.length)),
  (archive, random) => {
    const at = 512 * Math.floor((random() * archive.length) / 512);
    return Buffer.concat([archive.subarray(0, at), archive.subarray(at + 512)]);
  },
  (archive, random) => {
    const at = 512 * Math.floor((random() * archive.length) / 512);
    return Buffer.concat([archive.subarray(0, at + 512), archive.subarray(at)]);
  },
  (archive, random) => {
    const at = 512 * Math.floor((random() * archive.length) / 512);
    return Buffer.concat([archive.subarray(0, at), Buffer.alloc(512), archive.subarray(at)]);
  },
  (archive, random) => {
    const text = archive.toString("latin1").replace(/\d+ (?=[A-Za-z.]+=)/, () => `${Math.floor(random() * 40)} `);
    return Buffer.from(text, "latin1");
  },
];
