import type { Facts } from "../contracts/fact.ts";
import { defineRule, type Rule } from "../contracts/rule.ts";
import { fileTree, type FileTree } from "../facts/file-tree.ts";
import { removalClaims } from "../facts/removal-claims.ts";
import { textOf } from "../lib/byte-string.ts";
import { countOf } from "../lib/count-of.ts";
import { someOf } from "../lib/some-of.ts";

/** Tests that came with installed packages. */
export const packageTests: Rule = defineRule({
  name: "package-tests",
  title: "Tests inside installed packages",
  meaning:
    "Many Python and npm packages install their own tests with the data for them. A program that uses the packages runs none " +
    "of them. In an environment of 685 MB they were 16 %, of numpy a third; a Python built from source adds 119 MB of its " +
    "own.",
  measure:
    "Counts visible files below `test`, `tests`, `testing/tests` and `idle_test` folders of `site-packages`, `dist-packages` " +
    "and Python's own library, where the folder holds `test_*.py`, `*_test.py` or `conftest.py` itself; Python's editor " +
    "`idlelib` and `turtledemo`; and `test`, `tests` and `__tests__` folders of npm packages.",
  risk:
    "Some packages import from their tests: astropy and twisted do and are left alone, as is every folder without test files " +
    "of its own, such as `django/test`, `tensorflow/_api/v2/test`, `numpy/testing` and `torch/testing`. Others may, and " +
    "`pkg.test()` and `test.support` no longer work. Run the program before you rely on it.",
  evaluate: (facts) => {
    const tree = facts.get(fileTree);
    const homes = packageHomes(tree);
    if (homes.length === 0) return { notApplicable: "no Python library and no npm packages" };
    const folders = testFolders(facts, homes);
    const files = folders.flatMap((folder) => [...tree.within(folder)].filter((entry) => tree.type(entry) !== "directory"));
    if (files.length === 0) return [];
    const names = folders.map((folder) => `/${textOf(tree.paths.path(folder))}`);
    const count = countOf(new Set(files).size, "file");
    return [
      {
        message: `${count} of packages' own tests in ${countOf(folders.length, "folder")}: ${someOf(names)}`,
        safety: "opt-in",
        remedy: "remove the folders in the RUN that installs the packages",
        claims: removalClaims(tree, files),
      },
    ];
  },
});

interface Home {
  readonly node: number;
  readonly kind: "python" | "npm";
}

function packageHomes(tree: FileTree): readonly Home[] {
  const python = ["**/site-packages", "**/dist-packages", "**/lib/python3*", "**/lib/pypy3*"];
  const nodes = (patterns: readonly string[]): Set<number> => new Set(patterns.flatMap((pattern) => [...tree.globAll(pattern)]));
  return [
    ...[...nodes(python)].map((node): Home => ({ node, kind: "python" })),
    ...[...nodes(["**/node_modules"])].map((node): Home => ({ node, kind: "npm" })),
  ];
}

/** The topmost test folders below the homes, in the order of their paths. */
function testFolders(facts: Facts, homes: readonly Home[]): readonly number[] {
  const tree = facts.get(fileTree);
  const found = new Set<number>();
  for (const { node, kind } of homes) collect(tree, node, kind === "python" ? isPythonTests : isNpmTests, found);
  const topmost = [...found].filter((folder) => !isBelow(tree, folder, found));
  return topmost.toSorted((one, other) => (tree.paths.path(one) < tree.paths.path(other) ? -1 : 1));
}

function collect(tree: FileTree, home: number, isTests: (tree: FileTree, folder: number) => boolean, found: Set<number>): void {
  const pending = [home];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const child of tree.paths.children(folder)) {
      if (isTests(tree, child)) found.add(child);
      else pending.push(child);
    }
  }
}

function isBelow(tree: FileTree, folder: number, others: ReadonlySet<number>): boolean {
  for (let up = tree.paths.parent(folder); up > 0; up = tree.paths.parent(up)) if (others.has(up)) return true;
  return false;
}

// astropy/__init__.py imports astropy.tests.runner; twisted.test.proto_helpers is public.
const importedByTheirPackage = new Set(["astropy", "twisted", "sunpy", "tensorflow", "keras"]);

function isPythonTests(tree: FileTree, folder: number): boolean {
  const name = tree.paths.name(folder);
  const parent = tree.paths.parent(folder);
  if (name === "idlelib" || name === "turtledemo") return tree.paths.name(parent).startsWith("python3");
  if (!/^(?:tests?|idle_test)$/.test(name) || importedByTheirPackage.has(tree.paths.name(parent))) return false;
  return hasVisibleChild(tree, folder, /^(?:test_.*|.*_tests?|conftest)\.py$/);
}

/** Directly in a package, where the folder can't be a package called `test`; `__tests__` at any depth. */
function isNpmTests(tree: FileTree, folder: number): boolean {
  const name = tree.paths.name(folder);
  if (name !== "__tests__" && !/^tests?$/.test(name)) return false;
  return name === "__tests__" || hasVisibleChild(tree, tree.paths.parent(folder), /^package\.json$/);
}

function hasVisibleChild(tree: FileTree, folder: number, name: RegExp): boolean {
  for (const child of tree.paths.children(folder)) {
    if (tree.visible(child) >= 0 && name.test(tree.paths.name(child))) return true;
  }
  return false;
}
