import assert from "node:assert/strict";
import { test } from "node:test";
import type { Facts } from "../../src/contracts/fact.ts";
import type { RuleFinding } from "../../src/contracts/rule.ts";
import { buildTools } from "../../src/rules/build-tools.ts";
import { debianEntries, pythonEntries, type DebianPackage } from "../support/installed.ts";
import { factsOf } from "../support/layers.ts";
import { claimedPaths, findingsOf } from "../support/rule-claims.ts";

const base: readonly DebianPackage[] = [
  { name: "libc6", files: ["usr/lib/x86_64-linux-gnu/libc.so.6"] },
  { name: "perl-base", essential: true, files: ["usr/bin/perl"] },
];

/** `apt-get install gcc`, with its recommended libc6-dev, and of its dependencies one of each sort. */
const compiler: readonly DebianPackage[] = [
  { name: "gcc", depends: "gcc-12 (>= 12.2), cpp", files: ["usr/bin/gcc -> gcc-12"] },
  { name: "gcc-12", depends: "binutils, libgomp1, libcc1-0, libisl-data", automatic: true, files: ["usr/bin/gcc-12"] },
  { name: "cpp", automatic: true, files: ["usr/bin/cpp"] },
  { name: "binutils", automatic: true, files: ["usr/bin/ld"] },
  { name: "libgomp1", depends: "libc6", automatic: true, files: ["usr/lib/x86_64-linux-gnu/libgomp.so.1"] },
  { name: "libcc1-0", automatic: true, files: ["usr/lib/x86_64-linux-gnu/libcc1.so.0"] },
  { name: "libisl-data", automatic: true, files: ["usr/share/isl/data"] },
  { name: "libc6-dev", depends: "libc6", section: "libdevel", automatic: true, files: ["usr/include/stdio.h"] },
];

/** What a finding claims but for dpkg's own files on the packages. */
function claimed(finding: RuleFinding | undefined, facts: Facts): string[] {
  return finding === undefined ? [] : claimedPaths(finding, facts).filter((path) => !path.includes("/dpkg/info/"));
}

test("compilers go with the automatic packages that only they need, but for shared libraries of others", () => {
  const facts = factsOf([debianEntries([...base, ...compiler])]);
  const [finding, ...more] = findingsOf(buildTools, facts);
  assert.equal(more.length, 0);
  assert.equal(finding?.safety, "verified");
  assert.deepEqual(claimed(finding, facts), [
    "0:usr/bin/cpp",
    "0:usr/bin/gcc",
    "0:usr/bin/gcc-12",
    "0:usr/bin/ld",
    "0:usr/include/stdio.h",
    "0:usr/lib/x86_64-linux-gnu/libcc1.so.0",
    "0:usr/share/isl/data",
  ]);
  assert.equal(
    finding?.message,
    "5 build tools (binutils, cpp, gcc and 2 more) and 2 packages that only they need; " +
      "kept: libgomp1 because other programs may use them",
  );
});

test("a tool that another package needs stays with what it needs", () => {
  const facts = factsOf([
    debianEntries([
      ...base,
      { name: "git-buildpackage", depends: "git", files: ["usr/bin/gbp"] },
      { name: "git", depends: "git-man", automatic: true, files: ["usr/bin/git"] },
      { name: "git-man", automatic: true, files: ["usr/share/man/man1/git.1.gz"] },
      { name: "release-notes", depends: "git", files: ["usr/bin/notes"] },
      { name: "make", files: ["usr/bin/make"] },
    ]),
  ]);
  const [finding] = findingsOf(buildTools, facts);
  assert.deepEqual(claimed(finding, facts), ["0:usr/bin/gbp", "0:usr/bin/make"]);
  assert.match(finding?.message ?? "", /kept: git and git-man because release-notes depends on them$/);
});

test("what ENTRYPOINT or CMD names stays: by path, through PATH and links, in a shell's line", () => {
  const packages = debianEntries([...base, { name: "make", files: ["usr/bin/make", "usr/bin/gmake -> make"] }]);
  for (const config of [
    { entrypoint: ["/usr/bin/make"] },
    { command: ["gmake", "serve"] },
    { command: ["/bin/sh", "-c", "cd /app&&make serve"] },
    { entrypoint: ["make"], environment: ["PATH=/opt/bin:/usr/bin"] },
  ]) {
    assert.deepEqual(findingsOf(buildTools, factsOf([packages], { config })), []);
  }
  const elsewhere = factsOf([packages], { config: { entrypoint: ["make"], environment: ["PATH=/opt/bin"] } });
  assert.equal(findingsOf(buildTools, elsewhere).length, 1);
});

test("with torch and triton gcc is for who asks by name, and make is not", () => {
  const facts = factsOf([
    debianEntries([...base, ...compiler, { name: "make", files: ["usr/bin/make"] }]),
    [...pythonEntries("torch", "2.5.1"), ...pythonEntries("triton", "3.1.0")],
  ]);
  const [idle, onDemand] = findingsOf(buildTools, facts);
  assert.deepEqual(claimed(idle, facts), ["0:usr/bin/make"]);
  assert.equal(onDemand?.safety, "opt-in");
  assert.match(onDemand?.message ?? "", /needed where triton compiles kernel launchers with gcc and torch calls g\+\+/);
  assert.ok(claimed(onDemand, facts).includes("0:usr/include/stdio.h"));
  assert.ok(!claimed(onDemand, facts).includes("0:usr/lib/x86_64-linux-gnu/libgomp.so.1"));
});

test("with FlashInfer nvcc and ninja are for who asks by name; CUDA's profilers are not", () => {
  const cuda = debianEntries([
    ...base,
    { name: "cuda-nvcc-12-4", files: ["usr/local/cuda-12.4/bin/nvcc"] },
    { name: "cuda-cudart-dev-12-4", files: ["usr/local/cuda-12.4/targets/x86_64-linux/include/cuda.h"] },
    { name: "cuda-nsight-compute-12-4", files: ["opt/nvidia/nsight-compute/ncu"] },
    { name: "ninja-build", files: ["usr/bin/ninja"] },
    { name: "libcublas-12-4", files: ["usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas.so.12"] },
  ]);
  const alone = factsOf([cuda]);
  assert.deepEqual(
    findingsOf(buildTools, alone).map((finding) => [finding.safety, claimed(finding, alone).length]),
    [["verified", 4]],
  );
  const facts = factsOf([cuda, pythonEntries("flashinfer-python", "0.2.0")]);
  const [idle, onDemand] = findingsOf(buildTools, facts);
  assert.deepEqual(claimed(idle, facts), ["0:opt/nvidia/nsight-compute/ncu"]);
  assert.deepEqual(claimed(onDemand, facts), [
    "0:usr/bin/ninja",
    "0:usr/local/cuda-12.4/bin/nvcc",
    "0:usr/local/cuda-12.4/targets/x86_64-linux/include/cuda.h",
  ]);
});

test("dpkg's files on a package go with it", () => {
  const facts = factsOf([debianEntries([...base, { name: "make", files: ["usr/bin/make"] }])]);
  const [finding] = findingsOf(buildTools, facts);
  assert.deepEqual(finding && claimedPaths(finding, facts), ["0:usr/bin/make", "0:var/lib/dpkg/info/make.list"]);
});

test("an image without tools passes; a file that a package lists too that stays is left alone", () => {
  assert.deepEqual(findingsOf(buildTools, factsOf([debianEntries(base)])), []);
  const facts = factsOf([
    debianEntries([
      { name: "make", files: ["usr/bin/make", "usr/share/both"] },
      { name: "other", files: [] },
    ]).map((entry) => (entry.path.endsWith("other.list") ? { ...entry, content: "/usr/share/both\n" } : entry)),
  ]);
  const [finding] = findingsOf(buildTools, facts);
  assert.deepEqual(claimed(finding, facts), ["0:usr/bin/make"]);
});

test("no packages of a distribution: not applicable", () => {
  const verdict = buildTools.evaluate(factsOf([[{ path: "app/server" }]]));
  assert.deepEqual(verdict, { notApplicable: "no packages of dpkg, apk or rpm" });
});
