import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGpus, type GpuChoice } from "../../src/model/gpu.ts";
import { FatbinWalker } from "../../src/binary/fatbin.ts";
import { deviceElf, type DeviceElfOptions } from "../support/device-elf.ts";
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

function libraryOf(options: DeviceElfOptions = {}, containers = code): TestEntry {
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

const site = "usr/local/lib/python3.11/site-packages";

test("the RECORD of a pruned library gets its new size and room for its new sum", () => {
  const record = `${site}/mod-1.0.dist-info/RECORD`;
  const content = deviceElf(code);
  const wheel = pythonEntries("mod", "1.0", ["mod/_core.so"]).map((entry): TestEntry => {
    if (entry.path.endsWith(".so")) return { ...entry, content };
    return entry.path === record ? { ...entry, content: `mod/_core.so,sha256=${"x".repeat(43)},${content.length}\n` } : entry;
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
