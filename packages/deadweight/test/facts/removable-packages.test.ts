import assert from "node:assert/strict";
import { test } from "node:test";
import type { Package } from "../../src/contracts/cataloger.ts";
import { removablePackages } from "../../src/facts/removable-packages.ts";

interface Given {
  readonly requires?: readonly string[];
  readonly automatic?: boolean;
  readonly essential?: boolean;
  readonly paths?: readonly string[];
}

const one = (name: string, given: Given = {}): Package => ({ kind: "dpkg", name, paths: [], ...given });
const automatic = (name: string, ...requires: readonly string[]): Package => one(name, { automatic: true, requires });

/** Names that can go with the tools, which are named first, and names that are spared. */
function outcome(tools: readonly string[], all: readonly Package[], kept: readonly string[] = []): [string[], string[]] {
  const named = (names: readonly string[]): Set<Package> => new Set(all.filter(({ name }) => names.includes(name)));
  const { removable, spared } = removablePackages(all, named(tools), named(kept));
  return [removable.map(({ name }) => name).sort(), spared.map(({ name }) => name).sort()];
}

test("what only a tool needs goes with it, through any number of steps and circles", () => {
  const all = [one("make", { requires: ["a"] }), automatic("a", "b"), automatic("b", "c", "a"), automatic("c", "not-installed")];
  assert.deepEqual(outcome(["make"], all), [["a", "b", "c", "make"], []]);
});

test("what something else needs, what was chosen and what is essential stays", () => {
  const all = [
    one("make", { requires: ["shared", "chosen", "base"] }),
    automatic("shared"),
    one("chosen"),
    one("base", { automatic: true, essential: true }),
    one("app", { requires: ["shared"] }),
  ];
  assert.deepEqual(outcome(["make"], all), [["make"], []]);
});

test("a tool that is needed, kept or essential stays with its own needs", () => {
  const needed = [one("app", { requires: ["git"] }), one("git", { requires: ["git-man"] }), automatic("git-man")];
  assert.deepEqual(outcome(["git"], needed), [[], []]);
  assert.deepEqual(outcome(["git"], needed.slice(1), ["git"]), [[], []]);
  assert.deepEqual(outcome(["git"], [one("git", { essential: true })]), [[], []]);
});

test("an automatic package that nobody needs was recommended, and stays with its needs", () => {
  const all = [one("make", { requires: ["lib"] }), automatic("recommended", "lib"), automatic("lib")];
  assert.deepEqual(outcome(["make"], all), [["make"], []]);
});

test("tools that need each other go together, one that a stayer needs does not", () => {
  const all = [one("gcc", { requires: ["cpp"] }), one("cpp", { requires: ["gcc"] }), one("g++", { requires: ["gcc"] })];
  assert.deepEqual(outcome(["gcc", "cpp", "g++"], all), [["cpp", "g++", "gcc"], []]);
  assert.deepEqual(outcome(["gcc", "g++"], all), [["g++"], []]);
});

test("shared libraries are spared with what they need, but for those of compilers alone", () => {
  const library = (name: string, file: string, ...requires: readonly string[]): Package =>
    one(name, { automatic: true, requires, paths: [`usr/lib/x86_64-linux-gnu/${file}`] });
  const all = [
    one("gcc", { requires: ["libgomp1", "libcc1-0", "gcc-data"] }),
    library("libgomp1", "libgomp.so.1", "gomp-data"),
    library("libcc1-0", "libcc1.so.0"),
    automatic("gomp-data"),
    library("gcc-data", "liblto_plugin.so"),
  ];
  assert.deepEqual(outcome(["gcc"], all), [["gcc", "gcc-data", "libcc1-0"], ["libgomp1"]]);
});

test("interpreters and certificates are spared: scripts use them", () => {
  const names = ["ca-certificates", "python3", "python3-distutils", "libpython3.11-stdlib", "curl", "perl"];
  const all = [one("meson", { requires: names }), ...names.map((name) => automatic(name))];
  assert.deepEqual(outcome(["meson"], all), [
    ["meson", "perl"],
    ["ca-certificates", "curl", "libpython3.11-stdlib", "python3", "python3-distutils"],
  ]);
});

test("without a record of what is automatic the tools go alone", () => {
  assert.deepEqual(outcome(["gcc"], [one("gcc", { requires: ["libmpc3"] }), one("libmpc3")]), [["gcc"], []]);
});
