import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bunzip2 } from "../support/bunzip2.ts";
import { readTar, type Reading } from "../support/tar-reading.ts";
import { randomArchives, seededMutants } from "../support/tar-mutants.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

interface OracleEntry {
  readonly type: string;
  readonly name: string;
  readonly link: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly seconds: number;
  readonly major: number;
  readonly minor: number;
  readonly sha?: string;
}

interface OracleResult {
  readonly error: string;
  readonly entries: readonly OracleEntry[];
}

/** Where archives are read differently on purpose: each with its reason. */
const exceptions: Readonly<Record<string, string>> = {};

const goroot = findGo();

test("reads Go's own test archives as Go does", { skip: goroot === undefined ? "go: not installed" : false }, () => {
  const folder = join(goroot ?? "", "src/archive/tar/testdata");
  const names = readdirSync(folder).filter((name) => /\.tar(\.bz2|\.base64)?$/.test(name));
  const archives = names.map((name) => unpacked(name, readFileSync(join(folder, name))));
  const expected = askGo(archives);
  assert.ok(names.length > 30, `only ${names.length} archives in ${folder}`);
  for (const [index, name] of names.entries()) {
    if (name in exceptions) continue;
    const difference = differenceOf(readTar(archives[index] ?? new Uint8Array(0)), expected[index]);
    assert.equal(difference, undefined, `${name}: ${difference}`);
  }
});

test(
  "gives Go's verdict and entries for 5,000 seeded mutants",
  { skip: goroot === undefined ? "go: not installed" : false },
  (t) => {
    const mutants = seededMutants(randomArchives(25), 5000, 20_261_123);
    const expected = askGo(mutants);
    const differences = mutants.flatMap((mutant, index) => {
      const difference = differenceOf(readTar(mutant), expected[index]);
      return difference === undefined ? [] : [`mutant ${index}: ${difference}`];
    });
    t.diagnostic(
      `${5000 - differences.length} of 5000 mutants agree; Go refuses ${expected.filter((result) => result.error !== "").length} of them`,
    );
    assert.ok(differences.length <= 50, `${differences.length} of 5000 differ:\n${differences.slice(0, 20).join("\n")}`);
  },
);

function findGo(): string | undefined {
  const result = spawnSync("go", ["env", "GOROOT"], { encoding: "utf8" });
  const root = result.status === 0 ? result.stdout.trim() : "";
  return root !== "" && existsSync(join(root, "src/archive/tar/testdata")) ? root : undefined;
}

function unpacked(name: string, bytes: Uint8Array): Uint8Array {
  if (name.endsWith(".base64")) return Buffer.from(Buffer.from(bytes).toString("latin1"), "base64");
  return name.endsWith(".bz2") ? bunzip2(bytes) : bytes;
}

/** What Go's archive/tar makes of each archive. */
function askGo(archives: readonly Uint8Array[]): readonly OracleResult[] {
  const program = join(temporaryFolder(), "tar-oracle");
  execFileSync("go", ["build", "-o", program, join(import.meta.dirname, "../support/tar-oracle.go")], {
    env: { ...process.env, GOFLAGS: "-mod=mod", GO111MODULE: "off" },
  });
  const input = archives.flatMap((archive) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(archive.length));
    return [length, archive];
  });
  const output = execFileSync(program, { input: Buffer.concat(input), maxBuffer: 1024 ** 3 });
  return output
    .toString("utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as OracleResult);
}

/** The first difference in words; undefined when verdict and entries agree. */
function differenceOf(reading: Reading, expected: OracleResult | undefined): string | undefined {
  if (expected === undefined) return "no answer";
  if ((reading.error === "") !== (expected.error === ""))
    return `Go: ${expected.error || "accepts"}; we: ${reading.error || "accept"}`;
  // What was read before an error may differ by an entry whose content is cut off.
  if (expected.error !== "") return undefined;
  const ours = reading.entries.map((entry): OracleEntry => ({
    type: entry.typeflag,
    name: entry.name,
    link: entry.linkname,
    size: entry.size,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    seconds: Math.floor(entry.mtime),
    major: entry.devmajor,
    minor: entry.devminor,
    ...(entry.typeflag === "0" && entry.sparse === undefined ? { sha: entry.sha256 } : {}),
  }));
  const [one, other] = [ours, expected.entries].map((entries) => entries.map((entry) => JSON.stringify(entry)));
  const at = one?.findIndex((line, index) => line !== other?.[index]) ?? -1;
  if (at >= 0) return `entry ${at}: Go: ${other?.[at] ?? "none"}; we: ${one?.[at]}`;
  return one?.length === other?.length ? undefined : `Go has ${other?.length} entries, we ${one?.length}`;
}
