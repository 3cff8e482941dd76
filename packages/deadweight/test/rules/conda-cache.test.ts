import assert from "node:assert/strict";
import { test } from "node:test";
import { condaCache } from "../../src/rules/conda-cache.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy } from "../support/rule-claims.ts";

const environment: readonly TestEntry[] = [{ path: "opt/conda/conda-meta/history", content: "" }];
const claims = (entries: readonly TestEntry[], variables: readonly string[] = []): string[] =>
  claimedBy(condaCache, factsOf([[...environment, ...entries]], { config: { environment: variables } }));

test("found: tarballs, indexes and unpacked packages that no environment links to", () => {
  const entries: readonly TestEntry[] = [
    { path: "opt/conda/lib/libz.so", content: "z" },
    { path: "opt/conda/pkgs/cache/497deca9.json", content: "{}" },
    { path: "opt/conda/pkgs/numpy-1.26-py311.conda", content: "archive" },
    { path: "opt/conda/pkgs/zlib-1.3/info/index.json", content: "{}" },
    { path: "opt/conda/pkgs/zlib-1.3/lib/libz.so", type: "hardlink", link: "opt/conda/lib/libz.so" },
  ];
  assert.deepEqual(
    claims(entries),
    entries.slice(1).map(({ path }) => `0:${path}`),
  );
});

test("content that lies in pkgs and is linked into the environment stays there", () => {
  const entries: readonly TestEntry[] = [
    { path: "opt/conda/pkgs/zlib-1.3/lib/libz.so", content: "z" },
    { path: "opt/conda/lib/libz.so", type: "hardlink", link: "opt/conda/pkgs/zlib-1.3/lib/libz.so" },
  ];
  assert.deepEqual(claims(entries), []);
});

test("what a symbolic link of an environment leads to stays", () => {
  const entries: readonly TestEntry[] = [
    { path: "opt/conda/pkgs/a-1/share/a", content: "a" },
    { path: "opt/conda/pkgs/b-1/share/b", content: "b" },
    { path: "opt/conda/envs/x/share/a", type: "symlink", link: "/opt/conda/pkgs/a-1/share/a" },
  ];
  assert.deepEqual(claims(entries), ["0:opt/conda/pkgs/b-1/share/b"]);
});

test("found: any folder pkgs that is conda's, and CONDA_PKGS_DIRS", () => {
  const entries: readonly TestEntry[] = [
    { path: "home/me/miniconda3/conda-meta/history", content: "" },
    { path: "home/me/miniconda3/pkgs/a.conda", content: "a" },
    { path: "root/.conda/pkgs/urls.txt", content: "u" },
    { path: "very/deep/down/cache/urls.txt", content: "u" },
  ];
  assert.deepEqual(claims(entries, ["CONDA_PKGS_DIRS=/very/deep/down/cache"]), [
    "0:home/me/miniconda3/pkgs/a.conda",
    "0:root/.conda/pkgs/urls.txt",
    "0:very/deep/down/cache/urls.txt",
  ]);
});

test("left alone: folders that only look alike", () => {
  const entries: readonly TestEntry[] = [
    { path: "srv/app/pkgs/program", content: "p" },
    { path: "opt/conda/lib/cache/x", content: "c" },
  ];
  for (const value of ["/", "/srv", "/opt/conda/lib", "/opt/*"])
    assert.deepEqual(claims(entries, [`CONDA_PKGS_DIRS=${value}`]), []);
});

test("not applicable: no conda", () => {
  assert.deepEqual(condaCache.evaluate(factsOf([[{ path: "a", content: "a" }]])), {
    notApplicable: "there is no conda environment in the image",
  });
});
