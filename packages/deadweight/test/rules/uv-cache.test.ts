import assert from "node:assert/strict";
import { test } from "node:test";
import { uvCache } from "../../src/rules/uv-cache.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, findingsOf } from "../support/rule-claims.ts";

const cache = "root/.cache/uv";
const archived: readonly TestEntry[] = [
  { path: `${cache}/CACHEDIR.TAG`, content: "Signature: 8a477f597d28d172789f06886806bc55" },
  { path: `${cache}/simple-v16/pypi/numpy.rkyv`, content: "s" },
  { path: `${cache}/archive-v0/Xy/numpy/core.so`, content: "core" },
  { path: `${cache}/environments-v2/script/bin/python`, content: "e" },
];

test("found: copies in the buckets; uv's own environments stay", () => {
  const facts = factsOf([[...archived, { path: "app/.venv/numpy/core.so", content: "core" }]]);
  assert.deepEqual(claimedBy(uvCache, facts), [
    `0:${cache}/archive-v0/Xy/numpy/core.so`,
    `0:${cache}/simple-v16/pypi/numpy.rkyv`,
  ]);
});

test("a hard link into the environment is not counted, whichever of the two carries the content", () => {
  const installed = { path: "app/.venv/numpy/core.so", content: "core" };
  const linked: TestEntry = { path: `${cache}/archive-v0/Xy/numpy/core.so`, type: "hardlink", link: installed.path };
  assert.deepEqual(claimedBy(uvCache, factsOf([[installed, linked]])), [`0:${cache}/archive-v0/Xy/numpy/core.so`]);
  const other: TestEntry = { path: installed.path, type: "hardlink", link: `${cache}/archive-v0/Xy/numpy/core.so` };
  assert.deepEqual(claimedBy(uvCache, factsOf([[...archived, other]])), [`0:${cache}/simple-v16/pypi/numpy.rkyv`]);
});

test("what a symbolic link of an environment leads to stays", () => {
  const facts = factsOf([
    [
      ...archived,
      { path: `${cache}/archive-v0/Env/bin/tool`, content: "t" },
      { path: "app/.venv/numpy/core.so", type: "symlink", link: `/${cache}/archive-v0/Xy/numpy/core.so` },
      { path: `${cache}/archive-v0/Env/` },
      { path: `${cache}/environments-v2/tool`, type: "symlink", link: "../archive-v0/Env" },
    ],
  ]);
  assert.deepEqual(claimedBy(uvCache, facts), [`0:${cache}/simple-v16/pypi/numpy.rkyv`]);
});

test("a container that starts by uv may need it", () => {
  const safety = (command: readonly string[]): unknown =>
    findingsOf(uvCache, factsOf([archived], { config: { command } }))[0]?.safety;
  assert.equal(safety(["python", "-m", "app"]), "lossless");
  assert.equal(safety(["uv", "run", "app.py"]), "verified");
  assert.equal(safety(["/bin/sh", "-c", "exec uvx ruff"]), "verified");
  assert.equal(safety(["uvicorn", "app:app"]), "lossless");
});

test("found: in UV_CACHE_DIR, its buckets alone", () => {
  const entries = [
    { path: "opt/uv/sdists-v9/x", content: "x" },
    { path: "opt/uv/app-v1/program", content: "p" },
  ];
  assert.deepEqual(claimedBy(uvCache, factsOf([entries], { config: { environment: ["UV_CACHE_DIR=/opt/uv"] } })), [
    "0:opt/uv/sdists-v9/x",
  ]);
});

test("passed: uv without a cache. Not applicable: no uv", () => {
  assert.deepEqual(claimedBy(uvCache, factsOf([[{ path: "usr/local/bin/uv", content: "u" }]])), []);
  assert.deepEqual(uvCache.evaluate(factsOf([[{ path: "a", content: "a" }]])), { notApplicable: "there is no uv in the image" });
});
