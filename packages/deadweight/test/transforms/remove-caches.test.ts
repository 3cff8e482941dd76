import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestEntry } from "../support/layers.ts";
import { planned, type PlanningOptions } from "../support/planning.ts";

const file = (path: string, rest: Partial<TestEntry> = {}): TestEntry => ({ path, content: "x", ...rest });
const folders = (...paths: readonly string[]): TestEntry[] => paths.map((path) => ({ path: `${path}/` }));
const lists = folders("var", "var/lib", "var/lib/apt", "var/lib/apt/lists");

function edits(layers: readonly (readonly TestEntry[])[], options: PlanningOptions = {}): readonly string[] {
  return planned(layers, { only: ["remove-caches"], ...options }).edits;
}

test("what package managers can load again goes, what else lies there stays", () => {
  const caches = [
    "var/lib/apt/lists/a_Packages",
    "var/cache/apt/archives/a.deb",
    "var/cache/apk/a.apk",
    "var/cache/dnf/a",
    "root/.cache/pip/http-v2/a",
    "root/.cache/uv/wheels-v5/a",
    "root/.npm/_cacache/a",
    "opt/conda/pkgs/a.conda",
    "var/log/dpkg.log",
    "var/lib/dpkg/status-old",
  ];
  const parents = new Set(
    caches.flatMap((path) =>
      path
        .split("/")
        .slice(0, -1)
        .map((_, depth, names) => names.slice(0, depth + 1).join("/")),
    ),
  );
  const layer = [
    ...folders(...parents, "root/.cache/other", "opt/conda/lib", "opt/conda/conda-meta"),
    ...caches.map((path) => file(path)),
    file("root/.cache/other/a"),
    file("var/lib/apt/a"),
    file("var/log/own.log", { uid: 1 }),
    file("opt/conda/lib/a"),
  ];
  assert.deepEqual(edits([layer]).toSorted(), caches.map((path) => `remove 0:${path}`).sort());
});

test("no copy below comes back", () => {
  const layers = [[...lists, file("var/lib/apt/lists/a")], [file("var/lib/apt/lists/a", { content: "y" })]];
  assert.deepEqual(edits(layers), ["remove 0:var/lib/apt/lists/a", "remove 1:var/lib/apt/lists/a"]);
  assert.deepEqual(edits(layers, { base: 1 }), ["hide 1:var/lib/apt/lists/a"]);
  assert.deepEqual(edits([...layers.slice(0, 1), [file("a")]], { base: 1 }), []);
});

test("what a link that stays leads to is spared, also by way of another link", () => {
  const npm = folders("root", "root/.npm", "root/.npm/_cacache", "opt");
  const cached = [file("root/.npm/_cacache/a"), file("root/.npm/_cacache/b")];
  const to = (path: string, link: string): TestEntry => ({ path, type: "symlink", link });
  assert.deepEqual(edits([[...npm, ...cached, to("opt/a", "../root/.npm/_cacache/a")]]), ["remove 0:root/.npm/_cacache/b"]);
  assert.deepEqual(
    edits([[...npm, ...cached, to("root/.npm/_cacache/c", "/opt/b"), to("opt/c", "/root/.npm/_cacache/c"), file("opt/b")]]),
    ["remove 0:root/.npm/_cacache/a", "remove 0:root/.npm/_cacache/b"],
  );
});

test("a folder that only its files make is kept by one of them", () => {
  assert.deepEqual(edits([[file("var/lib/apt/lists/a"), file("var/lib/apt/lists/b")]]), ["remove 0:var/lib/apt/lists/b"]);
});

test("content goes with its last name", () => {
  const cache = folders("root", "root/.npm", "root/.npm/_cacache", "opt");
  const link = (path: string): TestEntry => ({ path, type: "hardlink", link: "root/.npm/_cacache/a" });
  const first = file("root/.npm/_cacache/a", { content: "x".repeat(1000) });
  const gone = ["remove 0:root/.npm/_cacache/a", "remove 0:root/.npm/_cacache/b"];
  assert.deepEqual(edits([[...cache, first, link("root/.npm/_cacache/b")]]), gone);
  assert.deepEqual(edits([[...cache, first, link("root/.npm/_cacache/b"), link("opt/a")]]), gone.slice(1));
});

test("paths to keep stay", () => {
  const layer = [...lists, file("var/lib/apt/lists/a"), file("var/lib/apt/lists/b")];
  assert.deepEqual(edits([layer], { keep: ["/var/lib/apt/lists/a"] }), ["remove 0:var/lib/apt/lists/b"]);
  assert.deepEqual(edits([layer], { keep: ["var/**"] }), []);
  assert.deepEqual(edits([layer], { keep: ["var/lib/*/lists/"] }), []);
});
