import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveRequirements, type RpmProvider } from "../../../src/catalogers/rpm/requirements.ts";

function provider(name: string, rest: Partial<RpmProvider> = {}): RpmProvider {
  return { label: name, name, provides: [], requires: [], paths: [], ...rest };
}

const installed = [
  provider("glibc", { provides: ["libc.so.6(GLIBC_2.34)(64bit)"] }),
  provider("bash", { paths: ["usr/bin/bash", "bin/sh"] }),
  provider("python3-requests", { provides: ["python3dist(requests)"] }),
  provider("old"),
  provider("new"),
];

function requirementsOf(...requires: readonly string[]): readonly string[] {
  return resolveRequirements([provider("asking", { requires }), ...installed])[0] ?? [];
}

test("requirements: names, capabilities and paths lead to packages", () => {
  assert.deepEqual(requirementsOf("bash", "libc.so.6(GLIBC_2.34)(64bit)", "/usr/bin/bash"), ["bash", "glibc"]);
  assert.deepEqual(requirementsOf("/bin/sh"), ["bash"]);
});

test("requirements: rpm's own, the package itself and what nobody has are left out", () => {
  assert.deepEqual(requirementsOf("rpmlib(FileDigests)", "asking", "absent", "/absent", ""), []);
});

test("requirements: of a boolean expression all that is installed", () => {
  assert.deepEqual(requirementsOf("(old >= 1.0 or new)"), ["old", "new"]);
  assert.deepEqual(requirementsOf("((python3dist(requests) >= 2 with python3dist(requests) < 3) if bash)"), [
    "python3-requests",
    "bash",
  ]);
  assert.deepEqual(requirementsOf("(absent if old else new)"), ["old", "new"]);
});

test("requirements: versions in an expression are no packages", () => {
  assert.deepEqual(requirementsOf("(absent = old)"), []);
});

test("requirements: hostile expressions end", () => {
  assert.deepEqual(requirementsOf(`(${")".repeat(1_000_000)}`, "(".repeat(1_000_000), `(${" a".repeat(100_000)}`), []);
});
