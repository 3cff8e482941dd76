import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assembled, compacted } from "../support/compacting.ts";
import { deviceLibrary, type DeviceLibrary } from "../support/device-library.ts";
import { containersFrom } from "../support/fatbins.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const containers = containersFrom("e75 e80 e86 p90, p75 e86 e120a, e86, e80 e86", 40_000);

/** Of each container the images for 86. */
function keep86(archs: readonly number[]): readonly number[] {
  return [...archs.keys()].filter((place) => archs[place] === 86);
}

/** What a library says, less the images that went. */
function without(lines: readonly string[]): readonly string[] {
  return lines.map((line) => (/^\d+: [ep]/.test(line) ? line.replace(/ [ep](?!86\/)\d+\/[0-9a-f]+/g, "") : line));
}

const layouts: Readonly<Record<string, readonly string[]>> = {
  "GNU ld": [],
  "GNU ld with a note of properties": ["-Wl,-z,ibt", "-Wl,-z,shstk"],
  "GNU ld with one segment for code and constants": ["-Wl,-z,noseparate-code"],
  "GNU ld with packed relocations": ["-Wl,-z,pack-relative-relocs"],
  "GNU ld with huge pages": ["-Wl,-z,max-page-size=2097152"],
  "GNU ld, stripped": ["-s"],
  "GNU ld, a program": ["-pie"],
  gold: ["-fuse-ld=gold"],
  lld: ["-fuse-ld=lld"],
  mold: ["-fuse-ld=mold"],
};

for (const [name, flags] of Object.entries(layouts)) {
  test(`what is left works as before: ${name}`, (t) => {
    const library = deviceLibrary(containers, flags);
    if ("missing" in library) return t.skip(library.missing);
    worksAsBefore(library, 200_000);
  });

  test(`sections of containers that lie apart: ${name}`, (t) => {
    const library = deviceLibrary(containers, flags, { relocatable: 2 });
    if ("missing" in library) return t.skip(library.missing);
    worksAsBefore(library, name.includes("note of properties") ? 100_000 : 190_000);
  });

  test(`containers whose address code computes stay, and others move: ${name}`, (t) => {
    const library = deviceLibrary(containers, flags, { computed: [0, 2] });
    if ("missing" in library) return t.skip(library.missing);
    const after = worksAsBefore(library, 30_000);
    const starts = [library.bytes, after].map((file) => file.indexOf(containerMagic));
    assert.equal(starts[0], starts[1]);
  });
}

const containerMagic = Buffer.from([0x50, 0xed, 0x55, 0xba, 1, 0, 16, 0]);

/** What is left of the library once all but the images for 86 are cut out, which frees at least so many bytes. */
function worksAsBefore(library: DeviceLibrary, leastFreed: number): Buffer {
  const made = compacted(library.bytes, keep86);
  if (typeof made === "string") assert.fail(made);
  const after = assembled(library.bytes, made.pieces);
  assert.equal(after.length, made.size);
  assert.ok(after.length < library.bytes.length - leastFreed, `${library.bytes.length} -> ${after.length}`);
  assert.deepEqual(library.say(after), without(library.say(library.bytes)));
  assert.deepEqual(assembled(library.bytes, asPieces(compacted(library.bytes, keep86, 4096))), after);
  for (const problem of toolsSay(library.bytes, after)) assert.fail(problem);
  for (const problem of survives(library, after)) assert.fail(problem);
  return after;
}

/** strip(1) must not break what was cut. */
function survives(library: DeviceLibrary, after: Buffer): readonly string[] {
  const path = join(temporaryFolder(), "stripped.so");
  writeFileSync(path, after);
  const [command, ...args] = ["strip", "--strip-unneeded", path] as const;
  if (spawnSync(command, [...args]).error !== undefined) return [];
  return JSON.stringify(library.say(readFileSync(path))) === JSON.stringify(library.say(after)) ? [] : ["strip broke it"];
}

function asPieces(made: ReturnType<typeof compacted>): Exclude<typeof made, string>["pieces"] {
  if (typeof made === "string") assert.fail(made);
  return made.pieces;
}

/** What readelf and eu-elflint say of a file that they did not say before. */
function toolsSay(before: Buffer, after: Buffer): readonly string[] {
  const folder = temporaryFolder();
  const lines = (command: string, args: readonly string[], file: Buffer): readonly string[] => {
    const path = join(folder, "file.so");
    writeFileSync(path, file);
    const run = spawnSync(command, [...args, path], { encoding: "utf8" });
    return run.error !== undefined ? [] : `${command === "readelf" ? "" : run.stdout}${run.stderr}`.split("\n");
  };
  return (["readelf", "eu-elflint"] as const).flatMap((command) => {
    const args = command === "readelf" ? ["-aW"] : ["--gnu-ld"];
    const known = new Set(lines(command, args, before));
    return lines(command, args, after).filter((line) => !known.has(line) && line !== "No errors");
  });
}
