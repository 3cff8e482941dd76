import assert from "node:assert/strict";
import { test } from "node:test";
import { fileTree } from "../../src/facts/file-tree.ts";
import { debugSymbols } from "../../src/rules/debug-symbols.ts";
import { elfFile } from "../support/elf-file.ts";
import { debugging, linkedElf } from "../support/linked-elf.ts";
import { pythonEntries } from "../support/installed.ts";
import { factsOf } from "../support/layers.ts";
import { claimedBy, claimedPaths, contentClaimedBy, findingsOf } from "../support/rule-claims.ts";

const unstripped = linkedElf(debugging);
const stripped = linkedElf([{ name: ".comment", size: 30 }], { loaded: [{ name: ".dynsym", size: 48 }] });

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
      [4000, 2],
      [500, 3],
      [240, 4],
      [77, 5],
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

test("what can't be cut safely is for who asks by name, with each reason; what a Python package has is cut as well", () => {
  const site = "usr/local/lib/python3.11/site-packages";
  const facts = factsOf([
    [
      ...pythonEntries("numpy", "1.26.4", ["numpy/core/_umath.so"]).map((entry) =>
        entry.path.endsWith(".so") ? { ...entry, content: unstripped } : entry,
      ),
      { path: "usr/local/bin/archive", content: linkedElf(debugging, { trailing: Buffer.from("PK") }) },
      { path: "usr/local/bin/other", content: linkedElf(debugging, { machine: 224 }) },
    ],
  ]);
  const [safe, ...others] = findingsOf(debugSymbols, facts);
  assert.deepEqual(safe && claimedPaths(safe, facts), [`0:${site}/numpy/core/_umath.so`]);
  assert.deepEqual(
    others.map((finding) => [finding.safety, claimedPaths(finding, facts), /: (.*)$/.exec(finding.message)?.[1]?.slice(0, 21)]),
    [
      ["opt-in", ["0:usr/local/bin/archive"], "data follows its last"],
      ["opt-in", ["0:usr/local/bin/other"], "made for the machine "],
    ],
  );
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
