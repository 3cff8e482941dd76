import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseGpus, type GpuChoice } from "../../src/model/gpu.ts";
import { FatbinWalker } from "../../src/binary/fatbin.ts";
import { deviceElf, type DeviceElfOptions, type DevicePlaces } from "../support/device-elf.ts";
import { containerOf, containersFrom } from "../support/fatbins.ts";
import { pythonEntries } from "../support/installed.ts";
import type { TestEntry } from "../support/layers.ts";
import { planned, type Planned, type PlanningOptions } from "../support/planning.ts";

const code = "p75 e80 e86, e80 e86 l90, e90a";

function pruned(
  layers: readonly (readonly TestEntry[])[],
  gpus = "8.6",
  options: PlanningOptions & { choice?: Partial<GpuChoice> } = {},
): Planned {
  const { choice, ...rest } = options;
  const chosen: GpuChoice = { targets: parseGpus(gpus), keepPtx: "none", includeVendor: false, ...choice };
  return planned(layers, { only: ["prune-device-code"], ...rest, facts: { gpus: chosen, devicePointers: true } });
}

function libraryOf(options: DeviceElfOptions = {}, containers: string | readonly Buffer[] = code): TestEntry {
  return { path: "opt/libapp.so", content: deviceElf(containers, options) };
}

/** Architectures of the images of each container in the library afterwards. */
function archsAfter({ after }: Planned, path = "opt/libapp.so"): readonly (readonly number[])[] {
  const content = after.flat().findLast((entry) => entry.path === path)?.content;
  const file = Buffer.from(content ?? "");
  const walker = new FatbinWalker(file.length);
  walker.write(file);
  const found = walker.finish();
  return [...(found?.starts ?? [])].map((_, number) => [
    ...(found?.archs.subarray(found.firsts[number] ?? 0, found.firsts[number + 1] ?? 0) ?? []),
  ]);
}

test("each container keeps what its GPUs take, and the file is smaller by whole pages", () => {
  const result = pruned([[libraryOf()]]);
  assert.deepEqual(result.edits, ["cut-content 0:opt/libapp.so"]);
  assert.deepEqual(archsAfter(result), [[86], [86, 90], [90]]);
  assert.deepEqual(archsAfter(pruned([[libraryOf()]], "7.5,8.6")), [[75, 86], [86, 90], [90]]);
  const [change] = result.plan.changes;
  assert.match(change?.reason ?? "", /^unused-device-code: 12\.5 kB of code for other GPUs than sm_86 is cut out$/);
  assert.ok((change?.bytesBefore ?? 0) - (change?.bytesAfter ?? 0) >= 8192);
});

test("PTX that no GPU needs stays when it is asked for", () => {
  const layers = [[libraryOf({}, "p75 e80 e86 p90, e80 e86 l90, e80 e86")]];
  assert.deepEqual(archsAfter(pruned(layers, "8.6", { choice: { keepPtx: "forward" } })), [[86, 90], [86, 90], [86]]);
  assert.deepEqual(archsAfter(pruned(layers, "8.6", { choice: { keepPtx: "all" } })), [[75, 86, 90], [86, 90], [86]]);
});

test("nothing happens without GPUs, below the level verified, or when nothing is left to cut", () => {
  assert.deepEqual(planned([[libraryOf()]], { only: ["prune-device-code"] }).edits, []);
  assert.deepEqual(pruned([[libraryOf({}, "e86, p75 e86 l90")]], "7.5,8.6").edits, []);
  const once = pruned([[libraryOf()]]);
  assert.deepEqual(pruned(once.after).edits, []);
});

test("a library with nothing for the GPU is left, and the plan says so", () => {
  const { edits, plan } = pruned([[libraryOf()]], "6.1");
  assert.deepEqual(edits, []);
  assert.deepEqual(plan.notes, ["code for other GPUs stays in 1 file, /opt/libapp.so: it has no code for sm_61"]);
  const both = pruned([[libraryOf()]], "6.1,8.6");
  assert.deepEqual(both.edits, ["cut-content 0:opt/libapp.so"]);
  assert.deepEqual(both.plan.notes, ["sm_61 finds no code of its own in 1 file, before and after: /opt/libapp.so"]);
});

test("NVIDIA's libraries are left unless they are included", () => {
  const wheel = pythonEntries("nvidia-cublas-cu12", "12.1", ["nvidia/cublas/lib/libcublas.so.12"]).map((entry) =>
    entry.path.includes(".so") ? { ...entry, content: deviceElf(code) } : entry,
  );
  const { edits, plan } = pruned([wheel]);
  assert.deepEqual(edits, []);
  assert.match(plan.notes.join(), /licence restricts passing on .* --include-vendor/);
  assert.equal(pruned([wheel], "8.6", { choice: { includeVendor: true } }).edits.length, 1);
});

/** Writes an address where it says, in a relocation and in the word that it is for. */
function pointAt(file: Buffer, { relocations, wrappers }: DevicePlaces, address: number): void {
  file.writeBigUInt64LE(BigInt(address), relocations + 16);
  file.writeBigUInt64LE(BigInt(address), wrappers + 8);
}

type Change = (file: Buffer, places: DevicePlaces) => void;

/** An instruction that computes the address of a container. */
function computing(number: number): Change {
  return (file, { code, containers }) => {
    file.set([0x48, 0x8d, 0x3d], code + 5);
    file.writeInt32LE((containers[number] ?? 0) - (code + 12), code + 8);
  };
}

const anchors: Readonly<Record<string, readonly [containers: string, Change]>> = {
  "code computes its address": ["e86, p75 e80 e86, e80 e86, e90a", computing(1)],
  "nothing that is known leads to it": [
    "e86, p75 e80 e86, e80 e86, e90a",
    (file, places) => pointAt(file, places, places.containers[1] ?? 0),
  ],
};

for (const [why, [containers, change]] of Object.entries(anchors)) {
  test(`a container stays where it is when ${why}, and those behind it move`, () => {
    const library = libraryOf({ change }, containers);
    const result = pruned([[library]]);
    assert.match(result.plan.changes[0]?.reason ?? "", /is cut out$/);
    assert.deepEqual(archsAfter(result), [[86], [86], [86], [90]]);
    const [old, now] = [library.content, result.after[0]?.[0]?.content].map((content) => startsIn(content ?? ""));
    assert.equal(now?.[1], old?.[1]);
    assert.ok((now?.[2] ?? 0) < (old?.[2] ?? 0));
  });
}

function startsIn(content: string | Uint8Array): readonly number[] {
  const file = Buffer.from(content);
  const walker = new FatbinWalker(file.length);
  walker.write(file);
  return [...(walker.finish()?.starts ?? [])];
}

test("of a container that no GPU can use a small image of the file is left, for an architecture that it had", () => {
  const small = containerOf([{ arch: 120, suffix: "a" }, { arch: 86 }]);
  const library = libraryOf({}, [...containersFrom("e90 e120a, e86", 20_000), small]);
  const result = pruned([[library]]);
  assert.deepEqual(archsAfter(result), [[120], [86], [86]]);
  const file = Buffer.from(result.after[0]?.[0]?.content ?? "");
  const [first = 0] = startsIn(file);
  // Its header and payload are those of the third container's first image.
  assert.equal(file.readBigUInt64LE(first + 8), 128n);
  assert.ok(file.subarray(first + 16, first + 16 + 128).equals(small.subarray(16, 16 + 128)));
  assert.deepEqual(pruned(result.after).edits, []);
});

const lies: Readonly<Record<string, readonly ["zeros" | "stays", RegExp, Change]>> = {
  "pointers to none of the containers": [
    "zeros",
    /no container is led to by a pointer that can be changed/,
    (file, { relocations, wrappers, containers }) => {
      for (const number of containers.keys()) {
        file.writeBigUInt64LE(0n, relocations + 24 * number + 16);
        file.writeBigUInt64LE(0n, wrappers + 24 * number + 8);
        file.writeUInt32LE(0, wrappers + 24 * number);
      }
    },
  ],
  "no room for a program header": [
    "zeros",
    /no room for one more program header/,
    (file) => file.writeUInt32LE(0x60000000, 64 + 56 * 4),
  ],
  "a relocation into a container": [
    "stays",
    /a relocation leads into a container/,
    (file, places) => pointAt(file, places, (places.containers[0] ?? 0) + 16),
  ],
  "a relocation of another kind": [
    "stays",
    /of an unusual kind/,
    (file, { relocations }) => file.writeUInt32LE(37, relocations + 8),
  ],
  "device code that is relocated": [
    "stays",
    /its device code is relocated/,
    (file, { relocations, containers }) => file.writeBigUInt64LE(BigInt((containers[0] ?? 0) + 80), relocations),
  ],
  "a wrapper that leads elsewhere": [
    "stays",
    /a wrapper leads to no container/,
    (file, { relocations }) => file.writeBigUInt64LE(0n, relocations + 16),
  ],
  "a pointer that contradicts its relocation": [
    "stays",
    /contradicts/,
    (file, { wrappers, containers }) => file.writeBigUInt64LE(BigInt(containers[2] ?? 0), wrappers + 8),
  ],
  "a symbol in a container": [
    "stays",
    /a symbol lies in a container/,
    (file, { symbols, containers }) => file.writeBigUInt64LE(BigInt((containers[0] ?? 0) + 8), symbols + 24 + 8),
  ],
  "relocations that no section has": [
    "stays",
    /relocations that no section has/,
    (file, { dynamic }) => file.writeBigUInt64LE(1000n, dynamic + 24),
  ],
  "relocations without addends": ["stays", /of an unusual kind/, (file, { dynamic }) => file.writeBigUInt64LE(17n, dynamic)],
  "bytes that are no container": [
    "stays",
    /bytes that are no container/,
    (file, { containers }) => file.writeUInt16LE(9, (containers[1] ?? 0) + 4),
  ],
  "device code that can be written to": ["stays", /can be written to/, (file) => file.writeUInt32LE(6, 64 + 4)],
  "device code at another address": [
    "stays",
    /contradict each other/,
    (file, { headerOf }) => file.writeBigUInt64LE(8n, headerOf(".nv_fatbin") + 16),
  ],
};

for (const [name, [what, reason, change]] of Object.entries(lies)) {
  test(`what can't be proven is ${what === "zeros" ? "filled with zeros" : "left as it is"}: ${name}`, () => {
    const library = libraryOf({ change });
    const { edits, plan, after } = pruned([[library]]);
    const told = [...plan.notes, ...plan.changes.map((row) => row.reason)].join();
    assert.match(told, reason);
    assert.deepEqual(edits, what === "zeros" ? ["cut-content 0:opt/libapp.so"] : []);
    if (what === "stays") return;
    const content = Buffer.from(after[0]?.[0]?.content ?? "");
    assert.equal(content.length, library.content?.length);
    // All outside of containers is as it was, and each begins where it did.
    const before = Buffer.from(library.content ?? "");
    const start = before.indexOf(containersFrom(code)[0] ?? "");
    const end = start + containersFrom(code).reduce((sum, { length }) => sum + length, 0);
    assert.ok(content.subarray(0, start).equals(before.subarray(0, start)));
    assert.ok(content.subarray(end).equals(before.subarray(end)));
    assert.deepEqual(archsAfter(pruned([[library]])), [[86], [86, 90], [90]]);
  });
}

test("a library for AArch64 is filled with zeros, one for another machine left", () => {
  assert.match(
    pruned([
      [
        libraryOf({
          machine: 183,
          change: (file, { relocations }) => {
            for (const number of [0, 1, 2]) file.writeUInt32LE(1027, relocations + 24 * number + 8);
          },
        }),
      ],
    ]).plan.changes[0]?.reason ?? "",
    /known of x86-64 alone/,
  );
  assert.deepEqual(pruned([[libraryOf({ machine: 243 })]]).edits, []);
});

test("whatever byte of the headers lies, what is written has the images that are needed, or nothing is", () => {
  const whole = deviceElf(code);
  const table = whole.length - 64 * 11;
  const place = fc.oneof(fc.nat(64 + 56 * 5 - 1), fc.integer({ min: table, max: whole.length - 1 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 3 }), (changes) => {
      const content = Buffer.from(whole);
      for (const [at, value] of changes) content[at] = value;
      const result = pruned([[{ path: "opt/libapp.so", content }]]);
      if (result.edits.length > 0) assert.deepEqual(archsAfter(result), [[86], [86, 90], [90]]);
    }),
    { numRuns: 200 },
  );
});

const site = "usr/local/lib/python3.11/site-packages";

test("the RECORD of a pruned library gets its new size and room for its new sum", () => {
  const record = `${site}/mod-1.0.dist-info/RECORD`;
  const content = deviceElf(code);
  const wheel = pythonEntries("mod", "1.0", ["mod/_core.so"]).map((entry): TestEntry => {
    if (entry.path.endsWith(".so")) return { ...entry, content };
    return entry.path === record
      ? {
          ...entry,
          content: `mod/_core.so,sha256=${createHash("sha256").update(content).digest("base64url")},${content.length}\n`,
        }
      : entry;
  });
  const result = pruned([wheel]);
  const file = result.after.flat().find(({ path }) => path.endsWith("_core.so"))?.content ?? "";
  const row = result.after.flat().find(({ path }) => path === record)?.content ?? "";
  assert.equal(Buffer.from(row).toString(), `mod/_core.so,sha256=${"A".repeat(43)},${file.length}\n`);
  const signed = [...wheel, { path: `${record}.jws` }];
  assert.deepEqual(pruned([signed]).edits, []);
});

test("symbols and device code are cut out of one file together", () => {
  const both = pruned([[libraryOf()]], "8.6", { only: ["strip-symbols", "prune-device-code"] });
  assert.deepEqual(both.edits, ["cut-content 0:opt/libapp.so"]);
  assert.deepEqual(archsAfter(both), [[86], [86, 90], [90]]);
  const [after] = both.after[0] ?? [];
  assert.equal(Buffer.from(after?.content ?? "").includes("fatbinData"), false);
  const first = pruned([[libraryOf()]], "8.6", { only: ["strip-symbols"] });
  assert.deepEqual(pruned(first.after).after, both.after);
});

test("kept paths, other names that are kept, and layers of the base image stay", () => {
  const link: TestEntry = { path: "opt/libother.so", type: "hardlink", link: "opt/libapp.so" };
  assert.deepEqual(pruned([[libraryOf()]], "8.6", { keep: ["opt/**"] }).edits, []);
  assert.deepEqual(pruned([[libraryOf(), link]]).edits, ["cut-content 0:opt/libapp.so"]);
  assert.deepEqual(pruned([[libraryOf(), link]], "8.6", { keep: ["opt/libother.so"] }).edits, []);
  assert.deepEqual(pruned([[libraryOf()], [{ path: "own" }]], "8.6", { base: 1 }).edits, []);
  assert.deepEqual(pruned([[libraryOf(), { path: "opt/libapp.so.sig" }]]).edits, []);
});

/** A library with a container in `.nv_fatbin`, and others as constants with names that it offers: of their size, or larger. */
function constantsLibrary(containers: readonly Buffer[], more: number): Buffer | undefined {
  const folder = mkdtempSync(join(tmpdir(), "deadweight-test-"));
  try {
    const places = containers.map((container, number) => {
      writeFileSync(join(folder, `c${number}.bin`), container);
      const section = number === 0 ? ".nv_fatbin" : ".rodata";
      const size = container.length + more;
      const name = number === 0 ? "" : `.globl k${number}\n.type k${number}, @object\n.size k${number}, ${size}\n`;
      return `.section ${section},"a",@progbits\n.balign 32\n${name}k${number}: .incbin "c${number}.bin"\n.fill 40, 1, 0x5a\n`;
    });
    // No padding between containers of the section for such.
    places[0] = places[0]?.replace(".fill 40, 1, 0x5a\n", "") ?? "";
    writeFileSync(join(folder, "library.s"), `${places.join("")}.text\n.globl f\nf: ret\n`);
    const { status } = spawnSync("gcc", ["-shared", "-nostdlib", "-o", "library.so", "library.s"], { cwd: folder });
    return status === 0 ? readFileSync(join(folder, "library.so")) : undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("containers among other constants become smaller where they stand, when a name of their size leads to each", (t) => {
  const containers = containersFrom("p75 e86, e80 e86, e80 e90a, e86 l90 e80");
  const content = constantsLibrary(containers, 0);
  if (content === undefined) return t.skip("gcc: not there");
  const result = pruned([[{ path: "opt/libapp.so", content }]]);
  assert.match(result.plan.changes[0]?.reason ?? "", /is zeros now/);
  // Code for linkers stays, with all that stands beside it.
  const kept = Object.fromEntries(archsAfter(result).map((archs, number) => [startsIn(content)[number], archs]));
  const expected = ["86", "86", "80", "86,90,80"].map((archs, number) => [content.indexOf(containers[number] ?? ""), archs]);
  for (const [start, archs] of expected) assert.equal(kept[start ?? -1]?.join(), archs);
  const after = Buffer.from(result.after[0]?.[0]?.content ?? "");
  assert.equal(after.length, content.length);
  assert.deepEqual(startsIn(after), startsIn(content));
  const changed = [...after.keys()].filter((place) => after[place] !== content[place]);
  const isInside = (place: number): boolean =>
    containers.some((one) => place >= content.indexOf(one) && place < content.indexOf(one) + one.length);
  assert.ok(changed.every(isInside));
});

test("containers among other constants stay when a name is of more than one, or something lies in it", (t) => {
  const containers = containersFrom("e86, e80 e86, e80 e86");
  const content = constantsLibrary(containers, 8);
  if (content === undefined) return t.skip("gcc: not there");
  const { edits, plan } = pruned([[{ path: "opt/libapp.so", content }]]);
  assert.deepEqual(edits, []);
  assert.match(plan.notes.join(), /what leads to its code for other GPUs, outside of the sections for such, is not known/);
});
