import assert from "node:assert/strict";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { elfHeadBytes, elfHeaderSize, sectionWindow, type UnloadedSection } from "../../src/binary/elf-sections.ts";
import { ElfWatcher } from "../../src/image/elf-watcher.ts";
import { elfFile } from "../support/elf-file.ts";
import { seededRandom } from "../support/random.ts";
import { run, without } from "../support/tools.ts";

/** What the watcher makes of a file that goes by in pieces of this size. */
function watched(file: Uint8Array, pieceSize = file.length): readonly UnloadedSection[] {
  const watcher = new ElfWatcher();
  watcher.begin(file.length);
  for (let at = 0; at < file.length; at += pieceSize) watcher.write(file.subarray(at, at + pieceSize));
  return watcher.end();
}

/** The sections with content in the file that readelf shows as not loaded, without the section names' own. */
function toldByReadelf(path: string): readonly UnloadedSection[] {
  const lines = run("readelf", ["-SW", path]).toString("latin1").split("\n");
  return lines.flatMap((line) => {
    const fields = /^ *\[ *\d+\] (.{17}) *(\S+) +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+) [0-9a-f]+ ([ A-Za-z]*?) +\d+ +\d+ +\d+$/.exec(
      line,
    );
    if (fields === null) return [];
    const [, name = "", type, offset = "", size = "", flags = ""] = fields;
    const section = { name: name.trimEnd(), offset: Number.parseInt(offset, 16), size: Number.parseInt(size, 16) };
    const isShown = !flags.includes("A") && type !== "NOBITS" && section.size > 0 && section.name !== ".shstrtab";
    return isShown ? [section] : [];
  });
}

/** ELF files right in some folders of this machine, of different kinds. */
function programs(mostEach: number): readonly string[] {
  const debug = "/usr/lib/debug/.build-id";
  const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/bin", "/usr/local/bin"];
  return [...folders, ...namesIn(debug).map((name) => join(debug, name))].flatMap((folder) => elfFilesIn(folder, mostEach));
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).slice(0, 500) : [];
}

function elfFilesIn(folder: string, most: number): readonly string[] {
  const isElf = (path: string): boolean => {
    const status = lstatSync(path);
    if (!status.isFile() || status.size < elfHeaderSize || status.size > 4 * 1024 * 1024) return false;
    return readFileSync(path).subarray(0, 4).toString("latin1") === "\x7fELF";
  };
  const paths = namesIn(folder).map((name) => join(folder, name));
  return paths.filter(isElf).slice(0, most);
}

test("agrees with readelf about programs and libraries of this machine", { skip: without("readelf") }, (t) => {
  const files = programs(12).slice(0, 60);
  if (files.length < 20) return t.skip(`${files.length} ELF files found`);
  let sections = 0;
  for (const path of files) {
    const file = readFileSync(path);
    const ours = watched(file);
    const theirs = toldByReadelf(path);
    const shortened = ours.map((section, index) => {
      // readelf -W cuts long names.
      const shown = theirs[index]?.name ?? "";
      return shown.endsWith("[...]") && section.name.startsWith(shown.slice(0, -5)) ? { ...section, name: shown } : section;
    });
    assert.deepEqual(shortened, theirs, path);
    for (const pieceSize of [4096, 33]) assert.deepEqual(watched(file, pieceSize), ours, path);
    sections += ours.length;
  }
  t.diagnostic(`${sections} sections of ${files.length} files`);
});

test("tells what strip drops by name, place and size, in any pieces", () => {
  const file = elfFile([
    { name: ".text", size: 1000, isLoaded: true },
    { name: ".comment", size: 30 },
    { name: ".debug_info", size: 5000 },
    { name: ".empty", size: 0 },
    { name: ".symtab", size: 240 },
  ]);
  const expected = [
    { name: ".comment", offset: 64 + 1000, size: 30 },
    { name: ".debug_info", offset: 64 + 1030, size: 5000 },
    { name: ".symtab", offset: 64 + 6030, size: 240 },
  ];
  for (const pieceSize of [file.length, 1, 63, 64, 65, 1000]) assert.deepEqual(watched(file, pieceSize), expected);
});

test("32 bits, and big-endian", () => {
  for (const isLittle of [true, false]) assert.deepEqual(watched(small(isLittle)), [{ name: ".sym", offset: 52, size: 7 }]);
});

/** A 32-bit file, elf(5): header of 52 bytes, content, names, three section headers of 40 bytes. */
function small(isLittle: boolean): Uint8Array {
  const names = Buffer.from("\0.sym\0.shstrtab\0", "latin1");
  const table = 52 + 7 + names.length;
  const file = Buffer.alloc(table + 3 * 40);
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  file.write(`\x7fELF\x01${isLittle ? "\x01" : "\x02"}\x01`, 0, "latin1");
  view.setUint32(32, table, isLittle);
  view.setUint16(46, 40, isLittle);
  view.setUint16(48, 3, isLittle);
  view.setUint16(50, 2, isLittle);
  names.copy(file, 59);
  const section = (index: number, fields: readonly number[]): void =>
    fields.forEach((value, place) => view.setUint32(table + 40 * index + 4 * place, value, isLittle));
  // Name, type, flags, address, offset, size.
  section(1, [1, 2, 0, 0, 52, 7]);
  section(2, [6, 3, 0, 0, 59, names.length]);
  return file;
}

test("says nothing of what is no ELF file, has no sections, or lies about where they are", () => {
  const good = Buffer.from(elfFile([{ name: ".symtab", size: 100 }]));
  const changed = (change: (file: Buffer) => void): Uint8Array => {
    const file = Buffer.from(good);
    change(file);
    return file;
  };
  assert.equal(watched(good).length, 1);
  const lies: Readonly<Record<string, Uint8Array>> = {
    "no magic": changed((file) => file.write("MZ")),
    "a class of 3": changed((file) => file.fill(3, 4, 5)),
    "headers of 63 bytes": changed((file) => file.writeUInt16LE(63, 58)),
    "no section headers": changed((file) => file.writeUInt16LE(0, 60)),
    "more headers than the file has": changed((file) => file.writeUInt16LE(60_000, 60)),
    "headers past the end": changed((file) => file.writeBigUInt64LE(BigInt(file.length), 40)),
    "headers at 2^63": changed((file) => file.writeBigUInt64LE(2n ** 63n, 40)),
    "headers at 2^64 - 1": changed((file) => file.writeBigUInt64LE(2n ** 64n - 1n, 40)),
    "headers in the header": changed((file) => file.writeBigUInt64LE(8n, 40)),
    "names in no section": changed((file) => file.writeUInt16LE(0xffff, 62)),
    "cut off": good.subarray(0, good.length - 1),
    "the header alone": good.subarray(0, 64),
    "too short": good.subarray(0, 63),
    empty: new Uint8Array(0),
  };
  for (const [what, file] of Object.entries(lies)) {
    for (const pieceSize of [Math.max(1, file.length), 7]) assert.deepEqual(watched(file, pieceSize), [], what);
  }
});

test("a section that says more than the file holds is not counted", () => {
  const file = Buffer.from(
    elfFile([
      { name: ".a", size: 10 },
      { name: ".b", size: 10 },
    ]),
  );
  const table = Number(file.readBigUInt64LE(40));
  for (const size of [BigInt(file.length), 2n ** 63n, 2n ** 64n - 1n]) {
    file.writeBigUInt64LE(size, table + 64 + 32);
    assert.deepEqual(
      watched(file).map(({ name }) => name),
      [".b"],
    );
  }
});

test("bytes changed at random never throw, and never give a section outside of the file", () => {
  const random = seededRandom(1);
  const good = elfFile([
    { name: ".text", size: 100, isLoaded: true },
    { name: ".debug_info", size: 500 },
    { name: ".symtab", size: 48 },
  ]);
  for (let turn = 0; turn < 20_000; turn++) {
    const file = Buffer.from(good);
    for (let change = 0; change <= random() * 3; change++) {
      // The header, the names and the section headers: all but the content.
      const at = random() < 0.3 ? random() * 64 : file.length - random() * 400;
      file[Math.floor(at)] = random() < 0.4 ? 0xff : random() * 256;
    }
    for (const { offset, size } of watched(file, random() < 0.5 ? file.length : 50)) {
      assert.ok(offset >= 0 && size > 0 && offset + size <= file.length);
    }
  }
});

/** A file as LLD lays it out: the names, then `.strtab`, then the section headers; nothing is loaded after `.text`. */
function lldFile(stringBytes: number): Buffer {
  const file = Buffer.from(
    elfFile([
      { name: ".text", size: 5000, isLoaded: true },
      { name: ".debug_info", size: 300 },
      { name: ".symtab", size: 240 },
      { name: ".place", size: 100 },
      { name: ".strtab", size: stringBytes },
    ]),
  );
  const table = Number(file.readBigUInt64LE(40));
  const [text, debug, symtab, place, strtab, names] = [1, 2, 3, 4, 5, 6].map((index) => table + 64 * index);
  const namesAt = Number(file.readBigUInt64LE((names ?? 0) + 24));
  const placeAt = Number(file.readBigUInt64LE((place ?? 0) + 24));
  file.copy(file, placeAt, namesAt, table);
  file.writeBigUInt64LE(BigInt(placeAt), (names ?? 0) + 24);
  // The place is of no content's, the symbol tables of their types.
  file.writeUInt32LE(8, (place ?? 0) + 4);
  file.writeUInt32LE(2, (symtab ?? 0) + 4);
  file.writeUInt32LE(3, (strtab ?? 0) + 4);
  assert.ok(file.readUInt32LE((text ?? 0) + 4) === 1 && file.readUInt32LE((debug ?? 0) + 4) === 1);
  return file;
}

test("finds the names before a table of strings of megabytes, as LLD and mold write it", () => {
  const file = lldFile(3_000_000);
  for (const pieceSize of [file.length, 65_536]) {
    assert.deepEqual(
      watched(file, pieceSize).map(({ name, size }) => [name, size]),
      [
        [".debug_info", 300],
        [".symtab", 240],
        [".strtab", 3_000_000],
      ],
    );
  }
});

test("where the names are out of sight, symbol tables are known by their type and the rest is not told", () => {
  assert.deepEqual(
    watched(lldFile(5_000_000), 65_536).map(({ name, size }) => [name, size]),
    [
      [".symtab", 240],
      [".strtab", 5_000_000],
    ],
  );
});

test("the window holds what is not loaded, 4 MiB of it at most, and never less than 16 KiB before the headers", () => {
  const windowOf = (file: Uint8Array): number => {
    const window = sectionWindow(file.subarray(0, elfHeadBytes), file.length);
    assert.equal(window?.end, file.length);
    return file.length - (window?.start ?? 0) - 3 * 64;
  };
  const file = Buffer.from(elfFile([{ name: ".data", size: 100_000 }]));
  const names = "\0.data\0.shstrtab\0".length;
  assert.equal(windowOf(file), 64 + 100_000 + names);
  assert.equal(windowOf(elfFile([{ name: ".data", size: 9_000_000 }])), 4 * 1024 * 1024);
  // One program header, elf(5): a segment of 90,000 bytes from the beginning, loaded (1) or not.
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.fill(0, 64, 64 + 56);
  file.writeBigUInt64LE(90_000n, 64 + 32);
  assert.equal(windowOf(file), 64 + 100_000 + names);
  file.writeUInt32LE(1, 64);
  assert.equal(windowOf(file), 16 * 1024);
  file.writeBigUInt64LE(70_000n, 64 + 32);
  assert.equal(windowOf(file), 64 + 30_000 + names);
  // A program header that lies, or lies elsewhere, is as good as none.
  file.writeBigUInt64LE(2n ** 63n, 32);
  assert.equal(windowOf(file), 64 + 100_000 + names);
});
