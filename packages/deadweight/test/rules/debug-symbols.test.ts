import assert from "node:assert/strict";
import { test } from "node:test";
import { fileTree } from "../../src/facts/file-tree.ts";
import { debugSymbols } from "../../src/rules/debug-symbols.ts";
import { elfFile } from "../support/elf-file.ts";
import { pythonEntries } from "../support/installed.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy, claimedPaths, contentClaimedBy, findingsOf } from "../support/rule-claims.ts";

const unstripped = elfFile([
  { name: ".text", size: 100, isLoaded: true },
  { name: ".comment", size: 30 },
  { name: ".debug_info", size: 4000 },
  { name: ".debug_str", size: 500 },
  { name: ".symtab", size: 240 },
  { name: ".strtab", size: 77 },
]);
const stripped = elfFile([
  { name: ".text", size: 100, isLoaded: true },
  { name: ".comment", size: 30 },
  { name: ".dynsym", size: 48, isLoaded: true },
]);

test("the sections that debuggers read, to the byte", () => {
  const facts = factsOf([[{ path: "usr/local/bin/server", content: unstripped, mode: 0o755 }]]);
  const [finding, ...more] = findingsOf(debugSymbols, facts);
  assert.equal(more.length, 0);
  assert.equal(finding?.safety, "verified");
  assert.equal(contentClaimedBy(debugSymbols, facts), 4000 + 500 + 240 + 77);
  const [claim] = finding?.claims ?? [];
  const bytes = (claim?.ranges ?? []).map(([start, end]) => unstripped.subarray(start, end));
  assert.deepEqual(
    bytes.map((part) => [part.length, part[0]]),
    [
      [4000, 3],
      [500, 4],
      [240, 5],
      [77, 6],
    ],
  );
});

test("stripped files, object files, kernel modules and what is no ELF file pass", () => {
  const facts = factsOf([
    [
      { path: "usr/bin/tool", content: stripped },
      { path: "usr/lib/crt1.o", content: unstripped },
      { path: "lib/modules/6.1/nf.ko", content: unstripped },
      { path: "usr/bin/script", content: "#!/bin/sh\n.symtab .debug_info" },
    ],
  ]);
  assert.deepEqual(findingsOf(debugSymbols, facts), []);
});

test("separate debug files are claimed whole, once", () => {
  const facts = factsOf([[{ path: "usr/lib/debug/.build-id/ab/cd.debug", content: unstripped }]]);
  const [finding] = findingsOf(debugSymbols, facts);
  assert.deepEqual(
    finding?.claims.map(({ ranges }) => ranges),
    [undefined],
  );
});

test("hard links hold one content, and it is claimed once", () => {
  const facts = factsOf([
    [
      { path: "usr/bin/a", content: unstripped },
      { path: "usr/bin/b", type: "hardlink", link: "usr/bin/a" },
    ],
  ]);
  assert.deepEqual(claimedBy(debugSymbols, facts), ["0:usr/bin/a"]);
});

test("libraries of Python packages, which strip may break, are for who asks by name", () => {
  const site = "usr/local/lib/python3.11/site-packages";
  const facts = factsOf([
    [
      ...pythonEntries("numpy", "1.26.4", ["numpy/core/_umath.so"]).map((entry) =>
        entry.path.endsWith(".so") ? { ...entry, content: unstripped } : entry,
      ),
      { path: "usr/local/lib/libpython3.11.so.1.0", content: unstripped },
    ],
  ]);
  const [own, repaired] = findingsOf(debugSymbols, facts);
  assert.deepEqual(own && claimedPaths(own, facts), ["0:usr/local/lib/libpython3.11.so.1.0"]);
  assert.equal(repaired?.safety, "opt-in");
  assert.deepEqual(repaired && claimedPaths(repaired, facts), [`0:${site}/numpy/core/_umath.so`]);
});

test("sections that overlap are counted once", () => {
  const overlapping = elfFile([
    { name: ".debug_info", size: 1000 },
    { name: ".debug_line", size: 600, offsetBefore: 400 },
  ]);
  const facts = factsOf([[{ path: "bin/x", content: overlapping }]]);
  const [claim] = findingsOf(debugSymbols, facts)[0]?.claims ?? [];
  assert.equal(facts.get(fileTree).size(claim?.entry ?? -1), overlapping.length);
  assert.equal(contentClaimedBy(debugSymbols, facts), 1200);
});
