import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { debianEntries, pythonEntries } from "../support/installed.ts";
import type { TestEntry } from "../support/layers.ts";
import { debugging, linkedElf } from "../support/linked-elf.ts";
import { planned, type Planned, type PlanningOptions } from "../support/planning.ts";

const program = linkedElf(debugging);
const archive = linkedElf(debugging, { trailing: Buffer.from("an archive") });
const bin: readonly TestEntry[] = [{ path: "opt/" }, { path: "opt/bin/" }];
const tool: TestEntry = { path: "opt/bin/tool", content: program, mode: 0o755 };

function stripped(layers: readonly (readonly TestEntry[])[], options: PlanningOptions = {}): Planned {
  return planned(layers, { only: ["strip-symbols"], ...options });
}

function contentAfter({ after }: Planned, path: string): Buffer {
  const entry = after.flat().findLast((one) => one.path === path);
  return Buffer.from(entry?.content ?? "");
}

test("symbols and debug information are cut out, at the level verified alone", () => {
  const result = planned([[...bin, tool]], { level: "verified" });
  assert.deepEqual(result.edits, ["cut-content 0:opt/bin/tool"]);
  const after = contentAfter(result, "opt/bin/tool");
  assert.ok(after.length < program.length - 4000);
  assert.equal(after.includes(".text"), true);
  assert.deepEqual(
    result.plan.changes.map(({ action, transform }) => [action, transform]),
    [["rewrite", "strip-symbols"]],
  );
  assert.match(
    result.plan.changes[0]?.reason ?? "",
    /^debug-symbols: without \.debug_info, \.debug_str, \.symtab and \.strtab; stack traces/,
  );
  assert.deepEqual(planned([[...bin, tool]]).edits, []);
  assert.deepEqual(planned(result.after, { level: "verified" }).edits, []);
});

test("what can't be proven is left, and the plan says why", () => {
  const result = stripped([[...bin, tool, { path: "opt/bin/installer", content: archive }]]);
  assert.deepEqual(result.edits, ["cut-content 0:opt/bin/tool"]);
  assert.deepEqual(result.plan.notes, [
    "symbols stay in 1 file, /opt/bin/installer: data follows its last section: it may be an archive that the program reads",
  ]);
});

const left: Readonly<Record<string, readonly [RegExp, readonly TestEntry[]]>> = {
  "an object file": [/^$/, [{ path: "x.o", content: program }]],
  "a kernel module": [/^$/, [{ path: "lib/modules/6/x.ko", content: program }]],
  "a debug file": [/^$/, [{ path: "usr/lib/debug/x", content: program }]],
  "the loader": [/valgrind/, [{ path: "lib/ld-linux-x86-64.so.2", content: program }]],
  "the C library": [/valgrind/, [{ path: "lib/libc.so.6", content: program }]],
  "Java's virtual machine": [/JDK/, [{ path: "usr/lib/jvm/lib/server/libjvm.so", content: program }]],
  "a store by content": [/knows its sum/, [{ path: "nix/store/abc-x/bin/x", content: program }]],
  "a measured file": [/security\.ima/, [{ path: "x", content: program, xattrs: { "security.ima": "\x03" } }]],
  "a sum beside it": [
    /\/x\.hmac/,
    [
      { path: "x", content: program },
      { path: "x.hmac", content: "1" },
    ],
  ],
  "a hidden sum beside it": [
    /\/\.x\.hmac/,
    [
      { path: "x", content: program },
      { path: ".x.hmac", content: "1" },
    ],
  ],
  "an image of Julia": [
    /\/x\.ji/,
    [
      { path: "x.so", content: program },
      { path: "x.ji", content: "1" },
    ],
  ],
};

for (const [name, [reason, entries]] of Object.entries(left)) {
  test(`left alone: ${name}`, () => {
    const { edits, plan } = stripped([entries]);
    assert.deepEqual(edits, []);
    assert.match(plan.notes.join(), reason);
  });
}

test("capabilities stay with the file: they don't depend on its content", () => {
  const capable = { ...tool, xattrs: { "security.capability": "\x01" } };
  assert.deepEqual(stripped([[capable]]).edits, ["cut-content 0:opt/bin/tool"]);
});

test("kept paths, layers of the base image and hidden copies are left", () => {
  assert.deepEqual(stripped([[tool]], { keep: ["opt/**"] }).edits, []);
  const own: TestEntry[] = [{ path: "own" }];
  assert.deepEqual(stripped([[tool], own], { base: 1 }).edits, []);
  assert.deepEqual(stripped([[tool], own], { base: 1, rewriteBase: true }).edits, ["cut-content 0:opt/bin/tool"]);
  assert.deepEqual(stripped([[tool], [{ path: "opt/bin/.wh.tool" }]]).edits, []);
});

test("names of one file are cut once, and only when every name allows it", () => {
  const link: TestEntry = { path: "opt/bin/other", type: "hardlink", link: "opt/bin/tool", mode: 0o755 };
  const cut = stripped([[tool, link]]);
  assert.deepEqual(cut.edits, ["cut-content 0:opt/bin/tool"]);
  assert.match(cut.plan.changes[0]?.reason ?? "", /; also \/opt\/bin\/other$/);
  assert.deepEqual(stripped([[tool, link]], { keep: ["opt/bin/other"] }).edits, []);
  assert.deepEqual(stripped([[tool, link, { path: "opt/bin/other.sig" }]]).edits, []);
});

test("equal files that become links of one are cut with it, unless one of them has to stay", () => {
  const copy = { ...tool, path: "opt/bin/zcopy" };
  const both = { only: ["link-duplicates", "strip-symbols"] };
  const result = planned([[tool, copy]], both);
  assert.deepEqual(result.edits, ["cut-content 0:opt/bin/tool", "link 0:opt/bin/zcopy to 0:opt/bin/tool"]);
  const signed = planned([[tool, copy, { path: "opt/bin/zcopy.asc" }]], both);
  assert.deepEqual(signed.edits, ["link 0:opt/bin/zcopy to 0:opt/bin/tool"]);
});

test("a copy that moved down with its new owner is cut there", () => {
  const owned = { ...tool, uid: 7 };
  const result = planned([[tool], [owned]], { only: ["drop-metadata-rewrites", "strip-symbols"] });
  assert.deepEqual(result.edits, ["cut-content 0:opt/bin/tool", "remove 1:opt/bin/tool"]);
  const [entry] = result.after[0] ?? [];
  assert.equal(entry?.uid, 7);
  const same = planned([[tool], [tool]], { only: ["drop-metadata-rewrites", "strip-symbols"] });
  assert.deepEqual(same.edits, ["cut-content 0:opt/bin/tool", "remove 1:opt/bin/tool"]);
  assert.ok(contentAfter(result, "opt/bin/tool").length < program.length);
});

const site = "usr/local/lib/python3.11/site-packages";
const record = `${site}/mod-1.0.dist-info/RECORD`;

/** A Python package with one library, whose RECORD has this row. */
function distribution(row: string): TestEntry[] {
  return pythonEntries("mod", "1.0", ["mod/_core.so"]).map((entry): TestEntry => {
    if (entry.path.endsWith(".so")) return { ...entry, content: program };
    return entry.path === record ? { ...entry, content: `${row}\nmod-1.0.dist-info/RECORD,,\n` } : entry;
  });
}

const digest = createHash("sha256").update(program).digest("base64url");

test("the RECORD of a library gets its new size, and room for its new sum", () => {
  const result = stripped([distribution(`mod/_core.so,sha256=${digest},${program.length}`)]);
  assert.deepEqual(result.edits.toSorted(), [`cut-content 0:${site}/mod/_core.so`, `rewrite 0:${record}`]);
  const size = contentAfter(result, `${site}/mod/_core.so`).length;
  assert.equal(
    contentAfter(result, record).toString(),
    `mod/_core.so,sha256=${"A".repeat(43)},${size}\nmod-1.0.dist-info/RECORD,,\n`,
  );
  const edit = [...result.plan.edits.values()].find(({ action }) => action === "rewrite");
  assert.deepEqual(edit?.action === "rewrite" && edit.digests?.map(({ at, algorithm }) => [at, algorithm]), [
    ["mod/_core.so,sha256=".length, "sha256"],
  ]);
});

test("a library whose sum can't follow is left: of another kind, signed, or in a layer that stays", () => {
  const own = distribution(`mod/_core.so,sha256=${digest},${program.length}`);
  assert.deepEqual(stripped([distribution(`mod/_core.so,md5=abc,${program.length}`)]).edits, []);
  assert.deepEqual(stripped([distribution(`"mod/_core.so",sha384=${digest},1`)]).edits, []);
  assert.deepEqual(stripped([[...own, { path: `${record}.jws` }]]).edits, []);
  assert.deepEqual(stripped([own], { keep: [record] }).edits, []);
  const [library, others] = [own.filter(({ path }) => path.endsWith(".so")), own.filter(({ path }) => !path.endsWith(".so"))];
  assert.deepEqual(stripped([others, library], { base: 1 }).edits, []);
  assert.deepEqual(stripped([distribution("mod/_core.so,,")]).edits, [`cut-content 0:${site}/mod/_core.so`]);
});

test("a row that was wrong before stays as it is", () => {
  const wrong = distribution(`mod/_core.so,sha256=${"x".repeat(43)},5`);
  assert.deepEqual(stripped([wrong]).edits, [`cut-content 0:${site}/mod/_core.so`]);
});

test("dpkg's sums follow, through a merged /usr too; diverted files are left", () => {
  const path = "usr/lib/libown.so.1";
  const debian: TestEntry[] = [
    { path: "lib", type: "symlink", link: "usr/lib" },
    ...debianEntries([{ name: "own", files: [path] }]).map((entry) =>
      entry.path === path ? { ...entry, content: program } : entry,
    ),
    { path: "var/lib/dpkg/info/own.md5sums", content: `${"1".repeat(32)}  lib/libown.so.1\n${"2".repeat(32)}  usr/share/x\n` },
  ];
  const result = stripped([debian]);
  assert.deepEqual(result.edits, [`cut-content 0:${path}`, "rewrite 0:var/lib/dpkg/info/own.md5sums"]);
  assert.equal(
    contentAfter(result, "var/lib/dpkg/info/own.md5sums").toString(),
    `${"1".repeat(32)}  lib/libown.so.1\n${"2".repeat(32)}  usr/share/x\n`,
  );
  const edit = [...result.plan.edits.values()].find(({ action }) => action === "rewrite");
  assert.deepEqual(edit?.action === "rewrite" && edit.digests?.map(({ at, algorithm, before }) => [at, algorithm, before]), [
    [0, "md5", "1".repeat(32)],
  ]);
  const diversions = `/${path}\n/${path}.distrib\nother\n`;
  assert.deepEqual(stripped([[...debian, { path: "var/lib/dpkg/diversions", content: diversions }]]).edits, []);
});

test("files of packages whose database is not edited, and NVIDIA's, are left", () => {
  const conda: TestEntry[] = [
    {
      path: "opt/conda/conda-meta/own-1.0-0.json",
      content: JSON.stringify({ name: "own", version: "1.0", build: "0", files: ["lib/libown.so"] }),
    },
    { path: "opt/conda/lib/libown.so", content: program },
  ];
  const { edits, plan } = stripped([conda]);
  assert.deepEqual(edits, []);
  assert.match(plan.notes.join(), /database of conda/);
  const nvidia = pythonEntries("nvidia-cublas-cu12", "12.1", ["nvidia/cublas/lib/libcublas.so.12"]).map((entry) =>
    entry.path.includes(".so") ? { ...entry, content: program } : entry,
  );
  const wheel = stripped([nvidia]);
  assert.deepEqual(wheel.edits, []);
  assert.match(wheel.plan.notes.join(), /NVIDIA/);
});

test("whatever a file says of itself, planning ends, and what is not proven stays to the byte", () => {
  const changes = fc.array(fc.tuple(fc.nat(program.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(changes, fc.nat(program.length), (bytes, length) => {
      const mutant = Buffer.from(program.subarray(0, length % 3 === 0 ? length : undefined));
      for (const [at, value] of bytes) if (at < mutant.length) mutant[at] = value;
      const result = stripped([[{ path: "x", content: mutant }]]);
      const after = contentAfter(result, "x");
      if (result.edits.length === 0) assert.deepEqual(after, mutant);
      else assert.ok(after.length < mutant.length && after.subarray(64, 500).equals(mutant.subarray(64, 500)));
    }),
    { numRuns: 200 },
  );
});
