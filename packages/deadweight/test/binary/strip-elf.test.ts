import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { elfHeaderBytes, elfHeadBytes, sectionWindow } from "../../src/binary/elf-sections.ts";
import { stripElf, type StrippedElf } from "../../src/binary/strip-elf.ts";
import { debugging, linkedElf, type LinkedElfOptions, type UnloadedTestSection } from "../support/linked-elf.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { without } from "../support/tools.ts";

function stripped(file: Uint8Array): StrippedElf | string {
  const head = file.subarray(0, elfHeadBytes);
  const window = sectionWindow(head, file.length);
  const bytes = window && elfHeaderBytes(head, file.subarray(window.start, window.end), window.start);
  return bytes === undefined ? "not seen" : stripElf(bytes, file.length);
}

function assembled(file: Uint8Array, { pieces }: StrippedElf): Buffer {
  return Buffer.concat(
    pieces.map((piece) =>
      "bytes" in piece ? piece.bytes : "zeros" in piece ? Buffer.alloc(piece.zeros) : file.subarray(piece.start, piece.end),
    ),
  );
}

/** The new file, or why there is none. */
function result(file: Uint8Array): Buffer | string {
  const found = stripped(file);
  if (typeof found === "string") return found;
  const made = assembled(file, found);
  assert.equal(made.length, found.size);
  return made;
}

test("what debuggers read goes; nothing that is mapped moves, and the rest is found by its header", () => {
  const file = linkedElf(debugging);
  const found = stripped(file);
  assert.ok(typeof found !== "string", JSON.stringify(found));
  assert.deepEqual(found.removed, [".debug_info", ".debug_str", ".symtab", ".strtab"]);
  const made = assembled(file, found);
  const mappedEnd = 64 + 2 * 56 + 333 + 50;
  assert.deepEqual(made.subarray(64, mappedEnd + 30), file.subarray(64, mappedEnd + 30));
  const head = Buffer.from(file.subarray(0, 64));
  head.writeBigUInt64LE(made.readBigUInt64LE(40), 40);
  head.writeUInt16LE(5, 60);
  head.writeUInt16LE(4, 62);
  assert.deepEqual(made.subarray(0, 64), head);
  assert.equal(made.length, Number(made.readBigUInt64LE(40)) + 5 * 64);
  assert.deepEqual(namesOf(made), ["", ".text", ".data", ".comment", ".shstrtab"]);
  assert.equal(stripped(made), "it has nothing for debuggers");
});

/** Names of sections by their headers. */
function namesOf(file: Buffer): readonly string[] {
  const table = Number(file.readBigUInt64LE(40));
  const headerAt = (index: number): number => table + 64 * index;
  const names = Number(file.readBigUInt64LE(headerAt(file.readUInt16LE(62)) + 24));
  return Array.from({ length: file.readUInt16LE(60) }, (_, index) => {
    const start = names + file.readUInt32LE(headerAt(index));
    return file.toString("latin1", start, file.indexOf(0, start));
  });
}

test("sections that stay behind those that go move up to their alignment, with their content and links", () => {
  const build = Buffer.from("a note that stays");
  const file = linkedElf([...debugging, { name: ".note.build", content: build, align: 16, linkTo: ".comment" }]);
  const made = result(file);
  assert.ok(typeof made !== "string", JSON.stringify(made));
  assert.deepEqual(namesOf(made), ["", ".text", ".data", ".comment", ".note.build", ".shstrtab"]);
  const header = Number(made.readBigUInt64LE(40)) + 4 * 64;
  const offset = Number(made.readBigUInt64LE(header + 24));
  assert.equal(offset % 16, 0);
  assert.deepEqual(made.subarray(offset, offset + build.length), build);
  assert.equal(made.readUInt32LE(header + 40), 3);
});

const refusals: Readonly<Record<string, readonly [RegExp, readonly UnloadedTestSection[], LinkedElfOptions?]>> = {
  "an object file": [/object files/, debugging, { type: 1 }],
  "a core dump": [/object files/, debugging, { type: 4 }],
  "device code": [/machine 190/, debugging, { machine: 190 }],
  "an eBPF program": [/machine 247/, debugging, { machine: 247 }],
  "an archive behind it": [/data follows/, debugging, { trailing: Buffer.from("PK\x03\x04") }],
  "one byte behind it": [/data follows/, debugging, { trailing: Buffer.alloc(1) }],
  "a section of PyInstaller": [/pydata, which a program may read/, [...debugging, { name: "pydata", size: 9 }]],
  "relocations that were kept": [/for linking again/, [...debugging, { name: ".rela.text", size: 24, type: 4 }]],
  "a section that needs the symbols": [/refers to one/, [...debugging, { name: ".comment", size: 4, linkTo: ".symtab" }]],
  "symbols of another type": [/unusual type/, [{ name: ".symtab", size: 24, type: 1 }]],
  "one that prelink laid out": [/prelink_undo/, [...debugging, { name: ".gnu.prelink_undo", size: 4 }]],
  "AMD's device code": [
    /hip_fatbin/,
    debugging,
    {
      loaded: [
        { name: ".text", size: 9 },
        { name: ".hip_fatbin", size: 9 },
      ],
    },
  ],
  "debug information alone": [/debug information for another/, debugging, { loaded: [{ name: ".text", size: 9, type: 8 }] }],
  "no symbols": [/nothing for debuggers|not seen/, [{ name: ".comment", size: 9 }]],
  "huge alignment": [/aligned in an unusual/, [...debugging, { name: ".note.x", size: 4, align: 4096 }]],
};

for (const [name, [reason, sections, options]] of Object.entries(refusals)) {
  test(`left alone: ${name}`, () => {
    const made = result(linkedElf(sections, options));
    assert.ok(typeof made === "string");
    assert.match(made, reason);
  });
}

type Change = NonNullable<LinkedElfOptions["change"]>;
const long = (file: Buffer, at: number, value: number | bigint): unknown => file.writeBigUInt64LE(BigInt(value), at);

const lies: Readonly<Record<string, readonly [RegExp, Change]>> = {
  "32 bits": [/64-bit|not seen/, (file) => file.writeUInt8(1, 4)],
  "big-endian": [/64-bit|not seen/, (file) => file.writeUInt8(2, 5)],
  "program headers elsewhere": [/usual place/, (file, { mappedEnd }) => long(file, 32, mappedEnd - 112)],
  "no program headers": [/program headers are missing/, (file) => file.writeUInt16LE(0, 56)],
  "many program headers": [/more than can be looked at|not seen/, (file) => file.writeUInt16LE(0xffff, 56)],
  "a segment beyond the end": [/out of the file/, (file) => long(file, 64 + 56 + 32, 1 << 20)],
  "a segment of 2^64": [/out of the file/, (file) => long(file, 64 + 56 + 32, 0xffff_ffff_ffff_ffffn)],
  "a segment behind the symbols": [
    /not loaded lies before something that is/,
    (file, { table }) => {
      long(file, 64 + 56 + 8, table);
      long(file, 64 + 56 + 16, table + 0x1000);
      long(file, 64 + 56 + 24, table + 0x1000);
    },
  ],
  "segments that overlap in memory": [/out of order/, (file) => long(file, 64 + 40, 0x4000)],
  "addresses that don't fit": [/not aligned/, (file) => long(file, 64 + 56 + 16, 0x5001)],
  "an alignment of 0": [/not aligned/, (file) => long(file, 64 + 48, 0)],
  "headers that are not mapped": [/does not map its headers/, (file) => long(file, 64 + 32, 100)],
  "section headers in what is mapped": [
    /not seen|in what is mapped/,
    (file, { table }) => {
      file.copy(file, 176, table);
      long(file, 40, 176);
    },
  ],
  "sections that overlap": [
    /overlap|no section/,
    (file, { headerOf, mappedEnd }) => long(file, headerOf(".debug_str") + 24, mappedEnd),
  ],
  "a section beyond the end": [/leads out|not seen/, (file, { headerOf }) => long(file, headerOf(".comment") + 32, 1e9)],
  "a hole between sections": [/no section/, (file, { headerOf }) => long(file, headerOf(".debug_info") + 32, 3900)],
  "a link to nowhere": [/refers to one/, (file, { headerOf }) => file.writeUInt32LE(99, headerOf(".comment") + 40)],
  "a loaded section among the symbols": [
    /not mapped|come before/,
    (file, { headerOf }) => long(file, headerOf(".debug_str") + 8, 2),
  ],
  "a name beyond the names": [/has no name/, (file, { headerOf }) => file.writeUInt32LE(0xffff_ffff, headerOf(".comment"))],
  "names that are symbols": [/not seen|one section|program may read|no name/, (file) => file.writeUInt16LE(7, 62)],
  "numbers of sections beyond 65,280": [/not seen|unusual/, (file) => file.writeUInt16LE(0, 60)],
};

for (const [name, [reason, change]] of Object.entries(lies)) {
  test(`refused: ${name}`, () => {
    const made = result(linkedElf(debugging, { change }));
    assert.ok(typeof made === "string", "it was cut");
    assert.match(made, reason);
  });
}

test("whatever bytes of the headers are changed, what is mapped stays as it is or the file does", () => {
  const file = linkedElf(debugging);
  const mappedEnd = 64 + 2 * 56 + 333 + 50;
  const places = fc.oneof(fc.integer({ min: 0, max: 175 }), fc.integer({ min: mappedEnd, max: file.length - 1 }));
  const changes = fc.array(fc.tuple(places, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(changes, (bytes) => {
      const mutant = Buffer.from(file);
      for (const [at, value] of bytes) mutant[at] = value;
      const made = result(mutant);
      if (typeof made === "string") return;
      assert.ok(made.length < mutant.length);
      assert.deepEqual(made.subarray(64, mappedEnd), mutant.subarray(64, mappedEnd));
    }),
    { numRuns: 200 },
  );
});

test("a file that is cut off is left alone", () => {
  const file = linkedElf(debugging);
  for (let length = 0; length < file.length; length += 97) assert.equal(typeof result(file.subarray(0, length)), "string");
});

const program = `#include <stdio.h>
#include <string.h>
__thread int counter = 3;
static int table[] = {1, 2, 3};
static int hidden(int x) { return x * 7 + counter++; }
int main(void) { int sum = 0; for (int i = 0; i < 3; i++) sum += hidden(table[i]); printf("%d\\n", sum); return sum % 100; }
`;

test("programs of every linker here run as before, and readelf has nothing against them", (t) => {
  const reason = without("gcc") || without("readelf");
  if (reason) return t.skip(reason);
  const folder = temporaryFolder();
  writeFileSync(join(folder, "program.c"), program);
  for (const linker of ["bfd", "gold", "lld", "mold"]) {
    for (const flags of [["-g"], ["-g", "-static"], ["-g", "-no-pie", "-Wl,-z,noseparate-code"]]) {
      const path = join(folder, "program");
      const made = spawnSync("gcc", [`-fuse-ld=${linker}`, ...flags, "-o", path, join(folder, "program.c")]);
      if (made.status !== 0) {
        t.diagnostic(`${linker} ${flags.join(" ")}: not on this machine`);
        continue;
      }
      const cut = result(readFileSync(path));
      assert.ok(typeof cut !== "string", `${linker} ${flags.join(" ")}: ${String(cut)}`);
      const other = join(folder, "cut");
      writeFileSync(other, cut, { mode: 0o755 });
      const [before, after] = [path, other].map((one) => spawnSync(one));
      assert.deepEqual([after?.status, after?.stdout.toString()], [before?.status, "54\n"]);
      assert.equal(execFileSync("readelf", ["-aW", other], { stdio: ["ignore", "ignore", "pipe"] })?.toString() ?? "", "");
      assert.doesNotMatch(execFileSync("readelf", ["-SW", other]).toString(), /\.symtab|\.debug_/);
    }
  }
  return undefined;
});

test("a library that patchelf has changed is left alone, one that it has not is loaded", (t) => {
  const reason = without("gcc") || without("patchelf");
  if (reason) return t.skip(reason);
  const folder = temporaryFolder();
  const [source, path] = [join(folder, "lib.c"), join(folder, "lib.so")];
  writeFileSync(source, "int visible(int x) { return x + 1; }\n");
  execFileSync("gcc", ["-g", "-shared", "-fPIC", "-o", path, source]);
  assert.notEqual(typeof result(readFileSync(path)), "string");
  execFileSync("patchelf", ["--set-rpath", `$ORIGIN/${"a".repeat(500)}`, path]);
  assert.match(String(result(readFileSync(path))), /as after patchelf/);
  return undefined;
});
