import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { dynamicWindows, parseElfDynamic, type ElfDynamic } from "../../src/binary/elf-dynamic.ts";
import { symbolHash } from "../../src/binary/elf-dynamic/symbols.ts";
import { dynamicElf } from "../support/dynamic-elf.ts";
import { without } from "../support/tools.ts";

function parsed(bytes: Uint8Array): ElfDynamic | undefined {
  return parseElfDynamic(bytes.subarray(0, 4096), (offset, size) =>
    offset >= 0 && size >= 0 && offset + size <= bytes.length ? bytes.subarray(offset, offset + size) : undefined,
  );
}

test("what the loader reads", () => {
  const found = parsed(
    dynamicElf({
      needed: ["liba.so.1", "libb.so"],
      soname: "libx.so.3",
      runpath: "$ORIGIN/lib:/opt",
      interpreter: "/lib64/ld.so",
      defined: ["x_open"],
      undefined: ["a_open", "a_close"],
      versionsNeeded: { "liba.so.1": ["A_1", "A_2"], "libb.so": ["B_1"] },
      versions: ["libx.so.3", "X_1"],
    }),
  );
  assert.deepEqual(found, {
    machine: "64 62",
    interpreter: "/lib64/ld.so",
    soname: "libx.so.3",
    needed: ["liba.so.1", "libb.so"],
    rpath: [],
    runpath: ["$ORIGIN/lib", "/opt"],
    versionsNeeded: [
      ["liba.so.1", ["A_1", "A_2"]],
      ["libb.so", ["B_1"]],
    ],
    versions: ["libx.so.3", "X_1"],
    defined: Uint32Array.of(symbolHash("x_open")),
    undefined: Uint32Array.from(["a_open", "a_close"].map(symbolHash)).sort(),
    isWhole: true,
  });
});

test("what is no such file has no windows", () => {
  const elf = dynamicElf({ needed: ["a"] });
  assert.equal(dynamicWindows(Buffer.from("#!/bin/sh\n"), 10), undefined);
  assert.equal(dynamicWindows(elf.subarray(0, 40), elf.length), undefined);
  assert.deepEqual(dynamicWindows(elf, elf.length), [{ start: 0, end: elf.length }]);
});

test("bytes that were not kept are told, not guessed", () => {
  const elf = dynamicElf({ needed: ["liba.so"], defined: ["x"] });
  const none = parseElfDynamic(elf, () => undefined);
  assert.deepEqual([none?.isWhole, none?.needed, none?.defined.length], [false, [], 0]);
});

test("any damage is survived", () => {
  const elf = dynamicElf({
    needed: ["liba.so"],
    versions: ["X"],
    versionsNeeded: { "liba.so": ["A"] },
    defined: ["x"],
    undefined: ["y"],
  });
  const values = [0, 1, 0x7f, 0xff];
  for (let at = 4; at < elf.length; at++) {
    for (const value of values) {
      const spoilt = Buffer.from(elf);
      spoilt[at] = value;
      dynamicWindows(spoilt, spoilt.length);
      parsed(spoilt);
    }
  }
});

test("a real library is read as readelf reads it", (t) => {
  const absent = without("readelf");
  if (absent) return t.skip(absent);
  const said = spawnSync("readelf", ["-dW", process.execPath], { encoding: "utf8" }).stdout;
  const needed = [...said.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1]);
  if (needed.length === 0) return t.skip("this Node is linked statically");
  const found = parsed(readFileSync(process.execPath));
  assert.deepEqual(found?.needed, needed);
  assert.equal(found?.isWhole, true);
  const symbols = spawnSync("readelf", ["--dyn-syms", "-W", process.execPath], { encoding: "utf8", maxBuffer: 1e9 }).stdout;
  const globals = [...symbols.matchAll(/^ *\d+: +\S+ +\S+ +\S+ +(?:GLOBAL|WEAK|UNIQUE) +\S+ +(?:\[.*\] +)?(?!UND)\S+ +\S/gm)];
  assert.equal(found?.defined.length, globals.length);
});
