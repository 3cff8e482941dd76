import assert from "node:assert/strict";
import { test } from "node:test";
import { sources } from "./support/sources.ts";

/** Who may import whom; docs/architecture.md says why. A folder may always import itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  archive: ["lib"],
  binary: ["lib"],
  dockerfile: ["lib", "model"],
  model: ["lib"],
  contracts: ["lib", "model"],
  image: ["lib", "model", "contracts", "archive", "binary"],
  engine: ["lib", "model", "contracts"],
  building: ["lib", "model", "contracts", "archive", "engine"],
  stores: ["lib", "model", "contracts", "archive", "engine"],
  runtimes: ["lib", "model", "contracts", "engine"],
  catalogers: ["lib", "model", "contracts", "archive", "binary"],
  formats: ["lib", "model", "contracts"],
  facts: ["lib", "model", "contracts", "image", "archive", "binary", "catalogers"],
  checks: ["lib", "model", "contracts", "facts"],
  claims: ["lib", "model", "contracts", "facts"],
  rules: ["lib", "model", "contracts", "facts", "claims"],
  transforms: ["lib", "model", "contracts", "facts", "image", "archive", "binary"],
  edits: ["lib", "model", "contracts", "facts", "claims", "dockerfile"],
  pipeline: [
    "lib",
    "model",
    "contracts",
    "image",
    "archive",
    "building",
    "dockerfile",
    "facts",
    "checks",
    "claims",
    "catalogers",
    "dockerfile",
    "edits",
    "engine",
    "formats",
    "rules",
    "runtimes",
    "stores",
    "transforms",
  ],
  "index.ts": ["model", "contracts", "lib", "pipeline"],
  cli: ["lib", "index.ts"],
  "bin.ts": ["cli"],
};

const files = sources();

test("every import follows the table", () => {
  const wrong = files.flatMap(({ path, imports }) => {
    const from = roomOf(path);
    const allowed = new Set([from, ...(mayImport[from] ?? [])]);
    return imports.filter((target) => !allowed.has(roomOf(target))).map((target) => `${path} imports ${target}`);
  });
  assert.deepEqual(wrong, []);
});

test("the table names every folder and no other", () => {
  assert.deepEqual([...new Set(files.map(({ path }) => roomOf(path)))].sort(), Object.keys(mayImport).sort());
});

test("no file imports itself by a detour", () => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const state = new Map<string, "open" | "done">();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      cycles.push([...trail, path].join(" -> "));
      return;
    }
    state.set(path, "open");
    for (const next of byPath.get(path)?.imports ?? []) visit(next, [...trail, path]);
    state.set(path, "done");
  };
  for (const { path } of files) visit(path, []);
  assert.deepEqual(cycles, []);
});

function roomOf(path: string): string {
  return path.split("/")[0] ?? path;
}
