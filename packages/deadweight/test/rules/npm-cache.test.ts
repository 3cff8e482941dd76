import assert from "node:assert/strict";
import { test } from "node:test";
import { npmCache } from "../../src/rules/npm-cache.ts";
import { factsOf, type TestEntry } from "../support/layers.ts";
import { claimedBy } from "../support/rule-claims.ts";

const node: TestEntry = { path: "usr/local/bin/node", content: "elf" };
const claims = (entries: readonly TestEntry[], environment: readonly string[] = []): string[] =>
  claimedBy(npmCache, factsOf([[node, ...entries]], { config: { environment } }));

test("found: npm, yarn 1 and pnpm", () => {
  const found: readonly TestEntry[] = [
    { path: "home/node/.npm/_cacache/content-v2/sha512/ab", content: "1" },
    { path: "root/.cache/pnpm/metadata/registry/x.json", content: "2" },
    { path: "root/.local/share/pnpm/store/v3/files/00/ab", content: "3" },
    { path: "root/.npm/_logs/2024-debug-0.log", content: "4" },
    { path: "usr/local/share/.cache/yarn/v6/npm-react-18/package.json", content: "5" },
  ];
  assert.deepEqual(
    claims(found),
    found.map(({ path }) => `0:${path}`),
  );
});

test("found: where the environment puts them", () => {
  assert.deepEqual(claims([{ path: "opt/c/_cacache/x", content: "x" }], ["npm_config_cache=/opt/c"]), ["0:opt/c/_cacache/x"]);
  assert.deepEqual(
    claims(
      [
        { path: "opt/y/v6/npm-a/x", content: "x" },
        { path: "opt/y/v6/api.js", content: "x" },
      ],
      ["YARN_CACHE_FOLDER=/opt/y"],
    ),
    ["0:opt/y/v6/npm-a/x"],
  );
  assert.deepEqual(claims([{ path: "pnpm/store/v10/files/00/x", content: "x" }], ["PNPM_HOME=/pnpm"]), [
    "0:pnpm/store/v10/files/00/x",
  ]);
});

test("hard links of pnpm's store into node_modules are not counted", () => {
  const stored = "root/.local/share/pnpm/store/v3/files/00/ab";
  const entries: readonly TestEntry[] = [
    { path: stored, content: "x" },
    { path: "app/node_modules/.pnpm/a/index.js", type: "hardlink", link: stored },
    { path: "root/.local/share/pnpm/store/v3/files/00/cd", content: "only here" },
  ];
  assert.deepEqual(claims(entries), ["0:root/.local/share/pnpm/store/v3/files/00/cd"]);
});

test("left alone: what programs run from", () => {
  const kept: readonly TestEntry[] = [
    { path: "root/.npm/_npx/ab/node_modules/serve/index.js", content: "1" },
    { path: "root/.yarn/berry/cache/react-npm-18.zip", content: "2" },
    { path: "root/.local/share/pnpm/store/v10/links/a/1/index.js", content: "3" },
    { path: "app/node_modules/a/index.js", content: "4" },
  ];
  assert.deepEqual(claims(kept), []);
});

test("not applicable: no Node", () => {
  assert.deepEqual(npmCache.evaluate(factsOf([[{ path: "a", content: "a" }]])), {
    notApplicable: "there is no Node in the image",
  });
});
