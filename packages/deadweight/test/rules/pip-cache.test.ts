import assert from "node:assert/strict";
import { test } from "node:test";
import { pipCache } from "../../src/rules/pip-cache.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy, findingsOf } from "../support/rule-claims.ts";

const cachedIn = (folder: string): TestEntry[] => [
  { path: `${folder}/http-v2/3/f/body`, content: "h" },
  { path: `${folder}/wheels/ab/numpy.whl`, content: "w" },
];

const claimsWith = (entries: readonly TestEntry[], environment: readonly string[] = []): string[] =>
  claimedBy(pipCache, factsOf([[...entries, { path: "usr/bin/pip3", content: "#!" }]], { config: { environment } }));

test("found: pip's cache in each home", () => {
  const entries = ["root/.cache/pip", "home/app/.cache/pip", "app/.cache/pip", ".cache/pip"].flatMap(cachedIn);
  assert.deepEqual(claimsWith(entries), entries.map(({ path }) => `0:${path}`).sort());
});

test("found: where the environment puts it", () => {
  const cases = [
    ["opt/deep/down/home/.cache/pip", "HOME=/opt/deep/down/home"],
    ["opt/deep/down/caches/pip", "XDG_CACHE_HOME=/opt/deep/down/caches/"],
    ["opt/deep/down/pips", "PIP_CACHE_DIR=/opt/deep/down/pips"],
  ] as const;
  for (const [folder, setting] of cases) {
    assert.deepEqual(claimsWith(cachedIn(folder), [setting]), [
      `0:${folder}/http-v2/3/f/body`,
      `0:${folder}/wheels/ab/numpy.whl`,
    ]);
    assert.deepEqual(claimsWith(cachedIn(folder)), [], `without ${setting}`);
  }
});

test("left alone: what is not pip's, whatever the environment says", () => {
  const others: readonly TestEntry[] = [
    { path: "usr/lib/python3/pip/http.py", content: "p" },
    { path: "root/.cache/pip-tools/depcache", content: "t" },
    { path: "root/.cache/huggingface/model", content: "m" },
    { path: "srv/pip/program", content: "s" },
  ];
  for (const value of ["/", "/usr/lib/python3/pip", "/*", "relative", "", "/srv/../usr", "/srv/pip"]) {
    assert.deepEqual(claimsWith(others, [`PIP_CACHE_DIR=${value}`, `XDG_CACHE_HOME=${value}`, `HOME=${value}`]), [], value);
  }
});

test("a file that an installed package links to costs its header alone, or nothing where the content lies with it", () => {
  const link: TestEntry = { path: "root/.cache/pip/wheels/w", type: "hardlink", link: "opt/installed" };
  assert.deepEqual(claimsWith([{ path: "opt/installed", content: "x" }, link]), ["0:root/.cache/pip/wheels/w"]);
  const carrier: TestEntry = { path: "root/.cache/pip/wheels/w", content: "x" };
  assert.deepEqual(claimsWith([carrier, { path: "opt/installed", type: "hardlink", link: carrier.path }]), []);
});

test("remedy: by the instruction that brought it", () => {
  const facts = factsOf([cachedIn("root/.cache/pip"), cachedIn("app/.cache/pip")], {
    history: ["RUN pip install numpy", "COPY . /app"],
  });
  const [finding] = findingsOf(pipCache, facts);
  assert.equal(finding?.message, "4 files of pip's cache in layer 0 (RUN pip install numpy) and layer 1 (COPY . /app)");
  assert.equal(
    finding?.remedy,
    "deadweight optimize, or use `pip install --no-cache-dir` (or a cache mount) in the RUN of layer 0 and keep them out of what layer 1 copies (.dockerignore)",
  );
  assert.equal(finding?.safety, "lossless");
});

test("passed: pip without a cache. Not applicable: no pip", () => {
  assert.deepEqual(claimsWith([]), []);
  assert.deepEqual(pipCache.evaluate(factsOf([[{ path: "a", content: "a" }]])), {
    notApplicable: "there is no pip in the image",
  });
});
